import { randomInt, timingSafeEqual } from 'node:crypto'
import * as audit from '#audit'
import type { Reader, Refusal, Tx } from '#base'
import { type KeyedCommand, open, seal } from '#keys'
import * as messages from '#messages'
import { factorUnknown, phoneInvalid, smsUnavailable } from './errors.ts'
import { add, offer, offered, openSecret, type Use, used } from './factor.ts'
import { hold, throttle, wrongCode } from './failures.ts'
import { smsAttemptsMax, smsCodeSecondsMax } from './policy.ts'
import { countSms } from './sms-limits.ts'

/**
 * Offers a telephone, and sends a code there. It counts for nothing before `confirmPhone`.
 *
 * @throws Refusal `factors.sms_unavailable`, `factors.phone_invalid`, `factors.sms_too_often`, `factors.too_many`
 */
export async function offerPhone(
  tx: Tx,
  command: KeyedCommand,
  { holder, phone }: { holder: string; phone: string },
): Promise<{ factor: string }> {
  if (!messages.isCarried('sms')) throw smsUnavailable()
  const number = normalisePhone(phone)
  const factor = await offer(tx, command, { holder, kind: 'sms', secret: number })
  await send(tx, command, { holder, factor, phone: number })
  return { factor }
}

/**
 * The code that was sent proves that the telephone is theirs.
 *
 * @throws Refusal `factors.label_invalid`, `factors.unknown` for an offer that was never made, or is over
 */
export async function confirmPhone(
  tx: Tx,
  command: KeyedCommand,
  { holder, factor, code, label }: { holder: string; factor: string; code: string; label: string },
): Promise<{ factor: string } | { refusal: Refusal }> {
  await hold(tx, holder)
  const refusal = await throttle(tx, command, holder)
  if (refusal) return { refusal }
  await offered(tx, command, { holder, factor, kind: 'sms' })
  if ((await takes(tx, command, { holder, code })) !== factor)
    return { refusal: await wrongCode(tx, command, { holder, kind: 'sms' }) }
  await add(tx, command, { holder, factor, kind: 'sms', label })
  return { factor }
}

/**
 * Sends a code to the newest telephone of the holder's. The one before it is void. `stranger`: whoever asks is not known to be them; then none
 * is sent in the place of one that is good still and that the holder asked for.
 *
 * @throws Refusal `factors.sms_unavailable`, `factors.sms_too_often`, `factors.unknown`
 */
export async function sendSmsCode(
  tx: Tx,
  command: KeyedCommand,
  { holder, stranger }: { holder: string; stranger?: boolean },
): Promise<void> {
  if (!messages.isCarried('sms')) throw smsUnavailable()
  await hold(tx, holder)
  if (stranger && (await hasOwnCode(tx, holder, command.now))) return
  const [row] = await tx<Array<{ factor: string; secret: Buffer }>>`
    select factor, secret from factors.factors
    where holder = ${holder} and kind = 'sms' and added_at is not null
    order by added_at desc limit 1`
  if (!row) throw factorUnknown()
  const phone = (await openSecret(tx, command.keys, { holder, ...row })).toString()
  await send(tx, command, { holder, factor: row.factor, phone, ...(stranger ? { stranger } : {}) })
}

/** Checks the code sent last: once, within five minutes, by at most three attempts [S11]. */
export async function useSmsCode(
  tx: Tx,
  command: KeyedCommand,
  { holder, code }: { holder: string; code: string },
): Promise<Use | { refusal: Refusal }> {
  await hold(tx, holder)
  const refusal = await throttle(tx, command, holder)
  if (refusal) return { refusal }
  const factor = await takes(tx, command, { holder, code })
  const [own] = await tx`select from factors.factors where factor = ${factor ?? ''} and added_at is not null`
  if (factor === undefined || !own) return { refusal: await wrongCode(tx, command, { holder, kind: 'sms' }) }
  return used(tx, command, { holder, factor, kind: 'sms', userVerified: false })
}

async function send(
  tx: Tx,
  command: KeyedCommand,
  { holder, factor, phone, stranger = false }: { holder: string; factor: string; phone: string; stranger?: boolean },
): Promise<void> {
  await countSms(tx, command, { holder, phone, stranger })
  const code = String(randomInt(0, 1_000_000)).padStart(6, '0')
  const sealed = await seal(tx, command, { ...placeOf(holder), plaintext: code })
  const expires = new Date(command.now.getTime() + smsCodeSecondsMax * 1000)
  await tx`
    insert into factors.sms_codes (holder, factor, code, expires_at, own)
    values (${holder}, ${factor}, ${sealed}, ${expires}, ${!stranger})
    on conflict (holder) do update
    set factor = excluded.factor, code = excluded.code, expires_at = excluded.expires_at, attempts = 0, own = excluded.own`
  const values = { code, minutes: String(smsCodeSecondsMax / 60) }
  await messages.tell(tx, command, { to: holder, template: 'sms_code', address: phone, values, before: expires })
  await audit.record(tx, command, { action: 'factors.code_sent', subject: holder, detail: { factor } })
}

async function hasOwnCode(reader: Reader, holder: string, now: Date): Promise<boolean> {
  const [row] = await reader`
    select from factors.sms_codes
    where holder = ${holder} and own and expires_at > ${now} and attempts < ${smsAttemptsMax}`
  return row !== undefined
}

/** The telephone whose code this is; the code is used up by it, and a wrong one is counted against it. */
async function takes(
  tx: Tx,
  command: KeyedCommand,
  { holder, code }: { holder: string; code: string },
): Promise<string | undefined> {
  const [sent] = await tx<Array<{ factor: string; code: Buffer }>>`
    update factors.sms_codes set attempts = attempts + 1
    where holder = ${holder} and attempts < ${smsAttemptsMax} and expires_at > ${command.now} returning factor, code`
  if (!sent) return undefined
  const right = await open(tx, command.keys, { ...placeOf(holder), envelope: sent.code })
  if (!/^\d{6}$/.test(code) || !timingSafeEqual(Buffer.from(code), right)) return undefined
  await tx`delete from factors.sms_codes where holder = ${holder}`
  return sent.factor
}

/**
 * ITU-T E.164: a country's code and at most fifteen digits in all; spaces, dashes, dots and brackets are how people write it.
 *
 * @throws Refusal `factors.phone_invalid`
 */
export function normalisePhone(phone: string): string {
  const number = phone.normalize('NFKC').replaceAll(/[\s().-]/g, '')
  if (!/^\+[1-9]\d{6,14}$/.test(number)) throw phoneInvalid()
  return number
}

function placeOf(holder: string) {
  return { player: holder, purpose: 'credentials' as const, table: 'factors.sms_codes', column: 'code', row: holder }
}
