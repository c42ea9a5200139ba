const minute = 60
const hour = 60 * minute

/** Seconds before each further attempt. Together some four days, as RFC 5321 4.5.4.1 wants it of who sends mail. */
const waitsSeconds = [
  5,
  15,
  minute,
  5 * minute,
  15 * minute,
  hour,
  2 * hour,
  4 * hour,
  8 * hour,
  12 * hour,
  24 * hour,
  24 * hour,
  24 * hour,
]

/** How long a claim holds: longer than a carrier may take to answer. */
export const claimSeconds = 120

/** What has ended is kept so long; reports of delivery come late, and people ask even later. */
export const daysKept = 400

/** When to try again after so many attempts; undefined when that was the last, or when it would come too late. */
export function nextAttempt(attempts: number, now: Date, before: Date | null): Date | undefined {
  const wait = waitsSeconds[attempts - 1]
  if (wait === undefined) return undefined
  const at = new Date(now.getTime() + wait * 1000)
  return before && at >= before ? undefined : at
}

/**
 * Does this status (RFC 3463) say that the address is no good, whatever the message? Then nothing more goes there. Classes 1
 * (address) and 2.0, 2.1 (mailbox disabled) of a permanent failure do; a full mailbox (2.2), a message too large or refused for
 * what it says (3, 5, 6, 7) and a network that failed for days (4) do not.
 */
export function faultsAddress(status: string): boolean {
  return /^5\.(0\.0|1\.\d+|2\.[01])$/.test(status)
}
