import { type Command, networkOf, type Reader, siteOf, type Tx } from '#base'
import type { KeyedCommand, Keys } from '#keys'
import { guardedSubjectOf, type Origin, subjectOf } from './origin.ts'

/** How often it went wrong: on the account, and from where this comes. */
export type Failures = {
  account: number
  accountOfDay: number
  network: number
  /** In all networks of one site. */
  site: number
  device: number
  /** Of this device on this account. */
  both: number
}

const networkFailuresMax = 30
const siteFailuresMax = 120
const deviceFailuresMax = 10

/**
 * Is nothing more tried from here for a while? A device that the account knows is judged by what failed on it alone, so that
 * nobody in its network keeps it out.
 */
export function isThrottled({ network, site, device }: Failures, known: boolean): boolean {
  return device >= deviceFailuresMax || (!known && (network >= networkFailuresMax || site >= siteFailuresMax))
}

/** One at a time per account: attempts that come together are judged one after the other, each knowing of those before. */
export async function queueUp(tx: Tx, account: Buffer): Promise<void> {
  await tx`select pg_advisory_xact_lock(${account.readBigInt64BE(0).toString()}::bigint)`
}

export async function failuresOf(
  reader: Reader,
  keys: Keys,
  { account, origin, now, minutes }: { account: Buffer; origin: Origin; now: Date; minutes: number },
): Promise<Failures> {
  const { device, both } = ofDevice(account, origin)
  const { network, site } = await ofNetwork(keys, origin)
  const since = new Date(now.getTime() - minutes * 60_000)
  const day = new Date(now.getTime() - 86_400_000)
  const rows = await reader<Array<{ subject: Buffer; late: number; day: number }>>`
    select subject, count(*) filter (where at > ${since})::int as late, count(*)::int as day from sessions.failures
    where subject in (${account}, ${network}, ${site}, ${device}, ${both}) and at > ${day} group by subject`
  const of = (subject: Buffer) => rows.find((row) => row.subject.equals(subject))
  return {
    account: of(account)?.late ?? 0,
    accountOfDay: of(account)?.day ?? 0,
    network: of(network)?.late ?? 0,
    site: of(site)?.late ?? 0,
    device: of(device)?.late ?? 0,
    both: of(both)?.late ?? 0,
  }
}

export async function countFailure(tx: Tx, command: KeyedCommand, account: Buffer, origin: Origin): Promise<void> {
  const { device, both } = ofDevice(account, origin)
  const { network, site } = await ofNetwork(command.keys, origin)
  const everywhere = [account, network, site]
  for (const subject of origin.device === undefined ? everywhere : [...everywhere, device, both])
    await countOne(tx, command, subject)
}

/** Counts one failure of one subject. */
export async function countOne(tx: Tx, command: Command, subject: Buffer): Promise<void> {
  await tx`insert into sessions.failures (subject, at) values (${subject}, ${command.now})`
}

/** How often it went wrong for one subject in the last day. */
export async function failuresOfDay(reader: Reader, subject: Buffer, now: Date): Promise<number> {
  const [row] = await reader<Array<{ count: number }>>`
    select count(*)::int as count from sessions.failures
    where subject = ${subject} and at > ${new Date(now.getTime() - 86_400_000)}`
  return row?.count ?? 0
}

/** Is it kept out? An unknown device by the account's lock, a known one by a lock of its own. */
export async function isShutOut(
  reader: Reader,
  { account, origin, known }: { account: Buffer; origin: Origin; known: boolean },
): Promise<boolean> {
  const subject = known ? ofDevice(account, origin).both : account
  const [row] = await reader`select from sessions.locks where subject = ${subject}`
  return row !== undefined
}

/**
 * Counts an attempt that failed, and after too many keeps out who tried: unknown devices by a lock of the account, a known one by one
 * that is on it alone, so that nobody locks another out [GLI-2.5.3d-1]. Answers whether the account was locked by it.
 */
export async function fail(
  tx: Tx,
  command: KeyedCommand,
  { account, origin, known, failures, max }: Failing,
): Promise<{ locked: boolean }> {
  await countFailure(tx, command, account, origin)
  if (known && failures.both + 1 >= max) await lock(tx, command, ofDevice(account, origin).both)
  return { locked: failures.account + 1 >= max && (await lock(tx, command, account)) }
}

type Failing = { account: Buffer; origin: Origin; known: boolean; failures: Failures; max: number }

/** What went wrong before a sign-in is forgotten by it; its lock only by a second factor [GLI-2.5.3d-2]. */
export async function forgive(tx: Tx, account: Buffer, origin: Origin): Promise<void> {
  await tx`delete from sessions.failures where subject in (${account}, ${ofDevice(account, origin).both})`
}

/** Lets unknown devices in again, and the one that shows a second factor. Answers whether any was kept out. */
export async function unlock(tx: Tx, account: Buffer, origin: Origin): Promise<boolean> {
  const { both } = ofDevice(account, origin)
  return (await tx`delete from sessions.locks where subject in (${account}, ${both})`).count > 0
}

/** Holds until a second factor is shown, however long that takes. Answers whether there was none before. */
async function lock(tx: Tx, command: Command, subject: Buffer): Promise<boolean> {
  const made = await tx`
    insert into sessions.locks (subject, at) values (${subject}, ${command.now}) on conflict do nothing`
  return made.count > 0
}

function ofDevice(account: Buffer, origin: Origin): Record<'device' | 'both', Buffer> {
  const device = origin.device ?? ''
  return {
    device: subjectOf('device', device),
    both: subjectOf('device', `${device}|${account.toString('base64')}`),
  }
}

async function ofNetwork(keys: Keys, { address }: Origin): Promise<Record<'network' | 'site', Buffer>> {
  const [network, site] = await Promise.all([
    guardedSubjectOf(keys, 'network', networkOf(address)),
    guardedSubjectOf(keys, 'site', siteOf(address)),
  ])
  return { network, site }
}
