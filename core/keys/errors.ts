import { Refusal } from '#base'

/** The data key is gone: the player was erased, and what it sealed with them. */
export function shredded(): Refusal {
  return new Refusal('absent', 'keys.shredded', 'This personal data was erased.')
}

/** An envelope that does not open is never "no data": somebody changed the storage, and a person must look. */
export class TamperedEnvelope extends Error {
  readonly where: string

  constructor(where: string, cause?: unknown) {
    super(`an envelope in ${where} does not open: it was changed, moved or sealed under another key`, { cause })
    this.name = 'TamperedEnvelope'
    this.where = where
  }
}
