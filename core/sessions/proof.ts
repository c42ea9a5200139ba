import { type Reader, Refusal, type Tx } from '#base'
import * as factors from '#factors'
import type { KeyedCommand } from '#keys'
import { type Asking, askCode, useCode } from './code.ts'
import { besidePassword, type Factor, hasLasting } from './policy.ts'

/** A code that is shown besides a password, or at a step-up. */
export type Proof = {
  factor: 'email' | 'totp' | 'sms' | 'recovery'
  code: string
  /** Steps around the present one in which an app's code is taken too. */
  window?: number
}

/** What a player can show besides the password and a code by e-mail, which everybody can. */
export async function waysOf(reader: Reader, player: string): Promise<Factor[]> {
  return factors.waysOf(await factors.standing(reader, player))
}

/** Sends a code where the player gets them: to their telephone, or to their address when they have nothing better; not too often. */
export async function sendCode(tx: Tx, command: KeyedCommand, player: string, asking: Asking): Promise<void> {
  const ways = await waysOf(tx, player)
  if (ways.includes('sms'))
    await factors.sendSmsCode(tx, command, { holder: player, stranger: asking === 'anybody' }).catch(unlessTooOften)
  else if (!hasLasting(ways)) await askCode(tx, command, player, asking)
}

/**
 * Uses a code up. False when it does not fit or is not one this player may show; what is wrong is counted, so the caller commits
 * either way.
 */
export async function useProof(
  tx: Tx,
  command: KeyedCommand,
  player: string,
  { factor, code, window }: Proof,
): Promise<boolean> {
  if (!besidePassword(await waysOf(tx, player)).includes(factor)) return false
  if (factor === 'email') return useCode(tx, command, player, code)
  const uses = { totp: factors.useTotp, sms: factors.useSmsCode, recovery: factors.useRecoveryCode }
  return !(
    'refusal' in
    (await uses[factor](tx, command, { holder: player, code, ...(window === undefined ? {} : { window }) }))
  )
}

/** That many codes were sent already is no business of who asks, who may be anybody. */
function unlessTooOften(error: unknown): void {
  if (!(error instanceof Refusal && error.code === 'factors.sms_too_often')) throw error
}
