import { randomBytes } from 'node:crypto'
import type { Refusal, Tx } from '#base'
import type { KeyedCommand } from '#keys'
import { add, offer, offered, openSecret, type Use, used } from './factor.ts'
import { hold, throttle, wrongCode } from './failures.ts'
import { windowDefault, windowMax } from './policy.ts'
import { base32, keyUri, stepOf } from './totp.ts'

const seedBytes = 20 // RFC 4226 R6

/**
 * A seed for an authenticator app, shown now and never again. It counts for nothing before `confirmTotp`. `account` is what the
 * app calls it.
 *
 * @throws Refusal `factors.too_many`
 */
export async function offerTotp(
  tx: Tx,
  command: KeyedCommand,
  { holder, issuer, account }: { holder: string; issuer: string; account: string },
): Promise<{ factor: string; secret: string; uri: string }> {
  const seed = randomBytes(seedBytes)
  const factor = await offer(tx, command, { holder, kind: 'totp', secret: seed })
  return { factor, secret: base32(seed), uri: keyUri({ issuer, account, seed }) }
}

/**
 * The first code proves that the app has the seed, and is not taken again.
 *
 * @throws Refusal `factors.label_invalid`, `factors.unknown` for an offer that was never made, or is over
 */
export async function confirmTotp(
  tx: Tx,
  command: KeyedCommand,
  input: { holder: string; factor: string; code: string; label: string; window?: number },
): Promise<{ factor: string } | { refusal: Refusal }> {
  const { holder, factor } = input
  await hold(tx, holder)
  const refusal = await throttle(tx, command, holder)
  if (refusal) return { refusal }
  const secret = await offered(tx, command, { holder, factor, kind: 'totp' })
  if (!(await takes(tx, command, { ...input, secret })))
    return { refusal: await wrongCode(tx, command, { holder, kind: 'totp' }) }
  await add(tx, command, { holder, factor, kind: 'totp', label: input.label })
  return { factor }
}

/**
 * Checks a code of any of the holder's apps, by the server's clock [S13]. No code is taken twice, however many ask at once
 * [S11]. `window`: how many steps of 30 seconds around the present one are taken too; none unless said.
 */
export async function useTotp(
  tx: Tx,
  command: KeyedCommand,
  input: { holder: string; code: string; window?: number },
): Promise<Use | { refusal: Refusal }> {
  const { holder } = input
  await hold(tx, holder)
  const refusal = await throttle(tx, command, holder)
  if (refusal) return { refusal }
  const apps = await tx<Array<{ factor: string; secret: Buffer }>>`
    select factor, secret from factors.factors where holder = ${holder} and kind = 'totp' and added_at is not null
    order by factor`
  for (const { factor, secret } of apps)
    if (await takes(tx, command, { ...input, factor, secret }))
      return used(tx, command, { holder, factor, kind: 'totp', userVerified: false })
  return { refusal: await wrongCode(tx, command, { holder, kind: 'totp' }) }
}

type Given = { holder: string; factor: string; secret: Buffer; code: string; window?: number }

/** Takes the code and every one before it: whoever gets the row first has it, and nobody after. */
async function takes(tx: Tx, command: KeyedCommand, given: Given): Promise<boolean> {
  const { factor, code, window = windowDefault } = given
  const seed = await openSecret(tx, command.keys, given)
  const step = stepOf(seed, code, command.now, Math.min(window, windowMax))
  if (step === undefined) return false
  const taken =
    await tx`update factors.factors set last_step = ${step} where factor = ${factor} and last_step < ${step}`
  return taken.count === 1
}
