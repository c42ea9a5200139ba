import { Refusal } from '#base'

export function personalAbsent(): Refusal {
  return new Refusal('absent', 'audit.personal_absent', 'There is no such event, or it has no personal part.')
}

/** The log takes nothing: read-only, full, or closed to us. So nothing is done that would have to stand in it [S53]. */
export function unwritable(cause: unknown): Refusal {
  return new Refusal(
    'unavailable',
    'audit.unwritable',
    'Nothing can be done while it cannot be written down. Ask again with the same key.',
    undefined,
    cause,
  )
}
