import * as audit from '#audit'
import { isId, newId, type Reader, type Tx } from '#base'
import { type KeyedCommand, type Keys, open, seal } from '#keys'
import * as messages from '#messages'
import { factorUnknown, labelInvalid, lastFactor, tooManyFactors } from './errors.ts'
import { hold } from './failures.ts'
import {
  factorsMax,
  isEnough,
  type Kind,
  labelLengthMax,
  maskPhone,
  offerSecondsMax,
  type Standing,
  type Way,
  without,
} from './policy.ts'

/** One of somebody's factors, for themselves to see. */
export type Factor = {
  factor: string
  kind: Kind
  label: string
  addedAt: Date
  usedAt: Date | null
  /** Of a telephone: enough of its number to know which. */
  phone?: string
  /** Of a passkey: kept by its vendor too, so it outlives the device. */
  backedUp?: boolean
}

/** Who used what. `userVerified`: a passkey whose authenticator knew the person is two factors in one. */
export type Use = { holder: string; factor: string; kind: Way; userVerified: boolean }

export type Change = 'added' | 'removed' | 'recovery_codes_made' | 'recovery_code_used'

/** The factors of somebody, oldest first. */
export async function list(reader: Reader, keys: Keys, holder: string): Promise<Factor[]> {
  const rows = await reader<Row[]>`
    select factor, kind, label, secret, added_at as "addedAt", used_at as "usedAt", backed_up as "backedUp"
    from factors.factors left join factors.passkeys using (factor)
    where holder = ${holder} and added_at is not null order by added_at, factor`
  return await Promise.all(rows.map((row) => shown(reader, keys, holder, row)))
}

/** How many of each somebody has, telephones only where somebody carries text messages; nothing is opened for it. */
export async function standing(reader: Reader, holder: string): Promise<Standing> {
  const [row] = await reader<Standing[]>`
    select count(*) filter (where kind = 'passkey')::int as passkeys, count(*) filter (where kind = 'totp')::int as totp,
      count(*) filter (where kind = 'sms')::int as sms, (
        select count(*)::int from factors.recovery_codes where holder = ${holder} and used_at is null) as "recoveryCodes"
    from factors.factors where holder = ${holder} and added_at is not null`
  const counted = row ?? { passkeys: 0, totp: 0, sms: 0, recoveryCodes: 0 }
  return messages.isCarried('sms') ? counted : { ...counted, sms: 0 }
}

/** @throws Refusal `factors.label_invalid`, `factors.unknown` */
export async function rename(
  tx: Tx,
  command: KeyedCommand,
  { holder, factor, label }: { holder: string; factor: string; label: string },
): Promise<void> {
  const sealed = await sealLabel(tx, command, { holder, factor, label })
  const renamed = await tx`
    update factors.factors set label = ${sealed} where factor = ${factor} and holder = ${holder} and added_at is not null`
  if (renamed.count === 0) throw factorUnknown()
  await audit.record(tx, command, { action: 'factors.renamed', subject: holder, detail: { factor } })
}

/**
 * Takes a factor away for good. `password`: whether its holder has one, which the caller knows.
 *
 * @throws Refusal `factors.last` when they could lock themselves out by it (`isEnough` says when), `factors.unknown`
 */
export async function remove(
  tx: Tx,
  command: KeyedCommand,
  { holder, factor, password }: { holder: string; factor: string; password: boolean },
): Promise<void> {
  await hold(tx, holder)
  const [row] = await tx<Array<{ kind: Kind }>>`
    select kind from factors.factors where factor = ${factor} and holder = ${holder} and added_at is not null`
  if (!row) throw factorUnknown()
  const left = without(await standing(tx, holder), row.kind)
  if (!isEnough(left, { staff: isId('stf', holder), password })) throw lastFactor()
  await tx`delete from factors.factors where factor = ${factor}`
  await audit.record(tx, command, { action: 'factors.removed', subject: holder, detail: { factor, kind: row.kind } })
  await tell(tx, command, { holder, change: 'removed', kind: row.kind })
}

/** Takes everything away: the holder was erased, or is enrolled anew by others, who say why. Answers how many factors went. */
export async function forget(
  tx: Tx,
  command: KeyedCommand,
  { holder, reason }: { holder: string; reason: string },
): Promise<number> {
  await hold(tx, holder)
  const gone = await tx`delete from factors.factors where holder = ${holder}`
  for (const table of ['recovery_codes', 'challenges', 'failures'])
    await tx`delete from factors.${tx(table)} where holder = ${holder}`
  await audit.record(tx, command, {
    action: 'factors.forgotten',
    subject: holder,
    reason,
    detail: { count: gone.count },
  })
  return gone.count
}

/**
 * A place for a factor that its holder has not proven yet; an older one of its kind goes.
 *
 * @throws Refusal `factors.too_many`
 */
export async function offer(
  tx: Tx,
  command: KeyedCommand,
  { holder, kind, secret }: { holder: string; kind: 'totp' | 'sms'; secret: Buffer | string },
): Promise<string> {
  await hold(tx, holder)
  await tx`delete from factors.factors where holder = ${holder} and kind = ${kind} and added_at is null`
  await roomFor(tx, holder)
  const factor = newId('fct', command.now.getTime())
  const sealed = await seal(tx, command, { ...placeOf(holder, factor, 'secret'), plaintext: secret })
  await tx`
    insert into factors.factors (factor, holder, kind, secret, offered_at)
    values (${factor}, ${holder}, ${kind}, ${sealed}, ${command.now})`
  await audit.record(tx, command, { action: 'factors.offered', subject: holder, detail: { factor, kind } })
  return factor
}

/** The sealed secret of a factor that was offered a while ago and not proven yet. @throws Refusal `factors.unknown` */
export async function offered(
  tx: Tx,
  command: KeyedCommand,
  { holder, factor, kind }: { holder: string; factor: string; kind: Kind },
): Promise<Buffer> {
  const since = new Date(command.now.getTime() - offerSecondsMax * 1000)
  const [row] = await tx<Array<{ secret: Buffer }>>`
    select secret from factors.factors
    where factor = ${factor} and holder = ${holder} and kind = ${kind} and added_at is null and offered_at > ${since}`
  if (!row) throw factorUnknown()
  return row.secret
}

/** Makes it one of the holder's factors, in the row that is there or in one of its own. @throws Refusal `factors.label_invalid` */
export async function add(
  tx: Tx,
  command: KeyedCommand,
  { holder, factor, kind, label }: { holder: string; factor: string; kind: Kind; label: string },
): Promise<void> {
  const sealed = await sealLabel(tx, command, { holder, factor, label })
  await tx`
    insert into factors.factors (factor, holder, kind, label, offered_at, added_at)
    values (${factor}, ${holder}, ${kind}, ${sealed}, ${command.now}, ${command.now})
    on conflict (factor) do update set label = excluded.label, added_at = excluded.added_at`
  await audit.record(tx, command, { action: 'factors.added', subject: holder, detail: { factor, kind } })
  await tell(tx, command, { holder, change: 'added', kind })
}

/** Notes that a factor did its work. */
export async function used(tx: Tx, command: KeyedCommand, use: Use): Promise<Use> {
  await tx`update factors.factors set used_at = ${command.now} where factor = ${use.factor}`
  const { factor, kind, holder } = use
  await audit.record(tx, command, { action: 'factors.used', subject: holder, detail: { factor, kind } })
  return use
}

/** @throws Refusal `factors.too_many` */
export async function roomFor(reader: Reader, holder: string): Promise<void> {
  const [row] = await reader<Array<{ count: number }>>`
    select count(*)::int as count from factors.factors where holder = ${holder}`
  if ((row?.count ?? 0) >= factorsMax) throw tooManyFactors(factorsMax)
}

/** Whoever is concerned hears of it. Staff have no address here; their colleagues see it in the log. */
export async function tell(
  tx: Tx,
  command: KeyedCommand,
  { holder, change, kind }: { holder: string; change: Change; kind: Way },
): Promise<void> {
  if (!isId('plr', holder)) return
  if (change === 'added' || change === 'removed')
    await messages.tell(tx, command, { to: holder, template: `factor_${change}`, values: { kind } })
  else await messages.tell(tx, command, { to: holder, template: change, values: {} })
}

export function openSecret(
  reader: Reader,
  keys: Keys,
  { holder, factor, secret }: { holder: string; factor: string; secret: Buffer },
): Promise<Buffer> {
  return open(reader, keys, { ...placeOf(holder, factor, 'secret'), envelope: secret })
}

type Row = Omit<Factor, 'label' | 'phone' | 'backedUp'> & {
  label: Buffer
  secret: Buffer | null
  backedUp: boolean | null
}

async function shown(reader: Reader, keys: Keys, holder: string, row: Row): Promise<Factor> {
  const { factor, kind, addedAt, usedAt, label, secret, backedUp } = row
  const name = await open(reader, keys, { ...placeOf(holder, factor, 'label'), envelope: label })
  const phone = kind === 'sms' && secret ? await openSecret(reader, keys, { holder, factor, secret }) : undefined
  return {
    factor,
    kind,
    label: name.toString(),
    addedAt,
    usedAt,
    ...(phone ? { phone: maskPhone(phone.toString()) } : {}),
    ...(backedUp === null ? {} : { backedUp }),
  }
}

/** A name may say whose it is: it is kept like everything about a person. */
function sealLabel(
  tx: Tx,
  command: KeyedCommand,
  { holder, factor, label }: { holder: string; factor: string; label: string },
): Promise<Buffer> {
  const plaintext = label.normalize('NFC').trim()
  const length = [...plaintext].length
  if (length === 0 || length > labelLengthMax || /\p{C}/u.test(plaintext)) throw labelInvalid(labelLengthMax)
  return seal(tx, command, { ...placeOf(holder, factor, 'label'), plaintext })
}

function placeOf(holder: string, factor: string, column: 'label' | 'secret') {
  return { player: holder, purpose: 'credentials' as const, table: 'factors.factors', column, row: factor }
}
