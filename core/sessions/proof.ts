import { type Reader, Refusal, type Tx } from '#base'
import * as factors from '#factors'
import type { KeyedCommand } from '#keys'
import { type Asking, askCode, useCode } from './code.ts'
import { type Factor, isOwn } from './policy.ts'

/** A code that is shown besides a password, or at a step-up. */
export type Proof = { factor: 'email' | 'totp' | 'sms' | 'recovery'; code: string }

/** What a player can show besides the password and a code by e-mail, which everybody can. */
export async function enrolledBy(reader: Reader, player: string): Promise<Factor[]> {
  const { passkeys, totp, sms, recoveryCodes } = await factors.standing(reader, player)
  const found: Array<[Factor, number]> = [
    ['passkey', passkeys],
    ['totp', totp],
    ['sms', sms],
    ['recovery', recoveryCodes],
  ]
  // Recovery codes are for the day the others are lost; alone they are no second factor.
  const own = found.filter(([factor, count]) => factor !== 'recovery' && count > 0)
  return (own.length > 0 ? found.filter(([, count]) => count > 0) : []).map(([factor]) => factor)
}

/** What of it would do besides the password at sign-in. */
export function besidePassword(enrolled: readonly Factor[]): Factor[] {
  return enrolled.length > 0 ? [...enrolled] : ['email']
}

/** Sends a code where the player gets them: to their telephone, or to their address when they have nothing better; not too often. */
export async function sendCode(tx: Tx, command: KeyedCommand, player: string, asking: Asking): Promise<void> {
  const enrolled = await enrolledBy(tx, player)
  if (enrolled.includes('sms')) await factors.sendSmsCode(tx, command, { holder: player }).catch(unlessTooOften)
  else if (!enrolled.some(isOwn)) await askCode(tx, command, player, asking)
}

/**
 * Uses a code up. False when it does not fit or is not one this player may show; what is wrong is counted, so the caller commits
 * either way.
 */
export async function useProof(
  tx: Tx,
  command: KeyedCommand,
  player: string,
  { factor, code }: Proof,
): Promise<boolean> {
  const enrolled = await enrolledBy(tx, player)
  if (!besidePassword(enrolled).includes(factor)) return false
  if (factor === 'email') return useCode(tx, command, player, code)
  const uses = { totp: factors.useTotp, sms: factors.useSmsCode, recovery: factors.useRecoveryCode }
  return !('refusal' in (await uses[factor](tx, command, { holder: player, code })))
}

/** That many codes were sent already is no business of who asks, who may be anybody. */
function unlessTooOften(error: unknown): void {
  if (!(error instanceof Refusal && error.code === 'factors.sms_too_often')) throw error
}
