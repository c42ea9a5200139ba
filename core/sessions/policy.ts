import type { StepUpRule } from '#licences'

/** What a player can show; `email` is a code sent to their address, `recovery` one of the codes they keep for the day they lose the rest. */
export const factors = ['password', 'passkey', 'totp', 'sms', 'recovery', 'email'] as const
export type Factor = (typeof factors)[number]

/** When each factor was last shown in a session. */
export type Shown = Readonly<Partial<Record<Factor, Date>>>

/** A second factor is one a player enrolled; an e-mail address and a password everybody has. */
const second: ReadonlySet<Factor> = new Set(['passkey', 'totp', 'sms', 'recovery'])

export function isOwn(factor: Factor): boolean {
  return second.has(factor)
}

/** 2 when two different kinds were shown: something known and something had. A passkey with its user verified is both. */
export function aalOf(shown: Shown): 1 | 2 {
  if (shown.passkey) return 2
  return shown.password && (shown.totp || shown.sms || shown.recovery || shown.email) ? 2 : 1
}

/**
 * Any one of these would bring the player closer to the act; none means they may go on. Whoever has a second factor shows one of
 * them, whatever else they showed; whoever has none shows what the licence asks instead, one after the other.
 */
export function outstanding(rule: StepUpRule, shown: Shown, enrolled: readonly Factor[], now: Date): Factor[] {
  const fresh = (factor: Factor) => {
    const at = shown[factor]?.getTime()
    return at !== undefined && now.getTime() - at <= rule.seconds * 1000
  }
  const own = enrolled.filter(isOwn)
  if (own.length > 0) return own.some(fresh) ? [] : own
  const next = rule.withoutFactor.find((factor) => !fresh(factor))
  return next === undefined ? [] : [next]
}
