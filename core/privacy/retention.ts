import type { Purpose } from '#keys'
import type { Rules } from '#licences'

/** Personal data of one purpose that stays for a while: until when, and why, in words for people. */
export type Kept = { purpose: Purpose; until: Date; why: string }

export type Retention = {
  closedAt: Date
  /** Until when the player is excluded from play, if they are. */
  excludedUntil: Date | undefined
  now: Date
}

/** What a bar from play is held against, when somebody comes back. */
const knownBy: readonly Purpose[] = ['contact', 'identity']
const exclusionWhy = 'Who is excluded from play is kept out by it until the exclusion ends.'

/** What of a closed account is to be kept still, by the licence and by an exclusion; the purpose that stays longest comes last. */
export function keptOf(rules: Rules['retention'], { closedAt, excludedUntil, now }: Retention): Kept[] {
  const purposes = Object.entries(rules) as Array<[Purpose, Rules['retention'][Purpose]]>
  return purposes
    .map(([purpose, { months, why }]): Kept => {
      const until = monthsAfter(closedAt, months)
      const excluded = excludedUntil !== undefined && knownBy.includes(purpose) && excludedUntil > until
      return excluded ? { purpose, until: excludedUntil, why: exclusionWhy } : { purpose, until, why }
    })
    .filter(({ until }) => until > now)
    .sort((one, other) => one.until.getTime() - other.until.getTime() || one.purpose.localeCompare(other.purpose))
}

/** When who asked to be erased has their answer at the latest (GDPR Art. 12(3)). */
export function answerDue(askedAt: Date): Date {
  return monthsAfter(askedAt, 1)
}

/** The same day so many months later, or the last of that month where it has none. */
function monthsAfter(at: Date, months: number): Date {
  const later = new Date(at)
  later.setUTCMonth(later.getUTCMonth() + months)
  if (later.getUTCDate() !== at.getUTCDate()) later.setUTCDate(0)
  return later
}
