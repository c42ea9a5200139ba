import { isLasting, type Way } from '#factors'
import type { StepUpRule } from '#licences'

/** What a player can show; `email` is a code sent to their address, `recovery` one of the codes they keep for the day they lose the rest. */
export const factors = ['password', 'passkey', 'totp', 'sms', 'recovery', 'email'] as const
export type Factor = (typeof factors)[number]

/** When each factor was last shown in a session. */
export type Shown = Readonly<Partial<Record<Factor, Date>>>

/** Is it a way of the player's own, other than an e-mail address and a password, which everybody has? */
function isWay(factor: Factor): factor is Way {
  return factor !== 'password' && factor !== 'email'
}

/** Is there a second factor among them? */
export function hasLasting(found: readonly Factor[]): boolean {
  return found.some((factor) => isWay(factor) && isLasting(factor))
}

/** 2 when two different kinds were shown: something known and something had. A passkey with its user verified is both. */
export function aalOf(shown: Shown): 1 | 2 {
  if (shown.passkey) return 2
  return shown.password && (shown.totp || shown.sms || shown.recovery || shown.email) ? 2 : 1
}

/** What would do besides the password at a sign-in. */
export function besidePassword(ways: readonly Factor[]): Factor[] {
  return hasLasting(ways) ? [...ways] : ['email', ...ways]
}

/**
 * Any one of these would bring the player closer to the act; none means they may go on. Whoever has a second factor shows one of
 * them, or a recovery code in its place, whatever else they showed; whoever has none shows what the licence asks instead, one after
 * the other, or a recovery code.
 */
export function outstanding(rule: StepUpRule, shown: Shown, ways: readonly Factor[], now: Date): Factor[] {
  const fresh = (factor: Factor) => {
    const at = shown[factor]?.getTime()
    return at !== undefined && now.getTime() - at <= rule.seconds * 1000
  }
  const own = ways.filter(isWay)
  if (own.some(fresh)) return []
  if (hasLasting(own)) return own
  const next = rule.withoutFactor.find((factor) => !fresh(factor))
  return next === undefined ? [] : [next]
}
