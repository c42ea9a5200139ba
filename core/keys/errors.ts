import { Refusal } from '#base'
import { KeysRefused } from './connection.ts'

/** The data key is gone: the player was erased, and what it sealed with them. */
export function shredded(): Refusal {
  return new Refusal('absent', 'keys.shredded', 'This personal data was erased.')
}

/** Nothing new is sealed for somebody who was erased. */
export function erased(): Refusal {
  return new Refusal('conflict', 'keys.erased', 'This player was erased; no personal data of theirs is kept any more.')
}

export function rotationOpen(family: string): Refusal {
  return new Refusal('conflict', 'keys.rotation_open', `A rotation of ${family} is under way already.`, { family })
}

export function backupUnsound(reason: string): Refusal {
  return new Refusal('invalid', 'keys.backup_unsound', `This backup of keys cannot be used: ${reason}.`)
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

/** The agent answers so when a wrapped key does not belong to its row; when it cannot answer, it says something else. */
export function isRefused(error: unknown): boolean {
  return error instanceof KeysRefused && error.code === 'keys.refused'
}

/** Many sign in at once; a password costs a tenth of a second on purpose. */
export const passwordsBusy = () =>
  new Refusal(
    'unavailable',
    'keys.passwords_busy',
    'Many people are signing in at the moment. Please try again in a few seconds.',
    {
      retryAfterSeconds: 5,
    },
  )
