import { type Command, networkOf, type Reader, siteOf, type Tx } from '#base'
import { type Origin, subjectOf } from './origin.ts'

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
  { account, origin, now, minutes }: { account: Buffer; origin: Origin; now: Date; minutes: number },
): Promise<Failures> {
  const { network, site, device, both } = subjectsOf(account, origin)
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

export async function countFailure(tx: Tx, command: Command, account: Buffer, origin: Origin): Promise<void> {
  const { network, site, device, both } = subjectsOf(account, origin)
  const everywhere = [account, network, site]
  for (const subject of origin.device === undefined ? everywhere : [...everywhere, device, both])
    await tx`insert into sessions.failures (subject, at) values (${subject}, ${command.now})`
}

/** Is it kept out? An unknown device by the account's lock, a known one by a lock of its own. */
export async function isShutOut(
  reader: Reader,
  { account, origin, known }: { account: Buffer; origin: Origin; known: boolean },
): Promise<boolean> {
  const subject = known ? subjectsOf(account, origin).both : account
  const [row] = await reader`select from sessions.locks where subject = ${subject}`
  return row !== undefined
}

/**
 * Counts an attempt that failed, and after too many keeps out who tried: unknown devices by a lock of the account, a known one by one
 * that is on it alone, so that nobody locks another out [GLI-2.5.3d-1]. Answers whether the account was locked by it.
 */
export async function fail(
  tx: Tx,
  command: Command,
  { account, origin, known, failures, max }: Failing,
): Promise<{ locked: boolean }> {
  await countFailure(tx, command, account, origin)
  if (known && failures.both + 1 >= max) await lock(tx, command, subjectsOf(account, origin).both)
  return { locked: failures.account + 1 >= max && (await lock(tx, command, account)) }
}

type Failing = { account: Buffer; origin: Origin; known: boolean; failures: Failures; max: number }

/** What went wrong before a sign-in is forgotten by it; its lock only by a second factor [GLI-2.5.3d-2]. */
export async function forgive(tx: Tx, account: Buffer, origin: Origin): Promise<void> {
  await tx`delete from sessions.failures where subject in (${account}, ${subjectsOf(account, origin).both})`
}

/** Lets unknown devices in again, and the one that shows a second factor. Answers whether any was kept out. */
export async function unlock(tx: Tx, account: Buffer, origin: Origin): Promise<boolean> {
  const { both } = subjectsOf(account, origin)
  return (await tx`delete from sessions.locks where subject in (${account}, ${both})`).count > 0
}

/** Holds until a second factor is shown, however long that takes. Answers whether there was none before. */
async function lock(tx: Tx, command: Command, subject: Buffer): Promise<boolean> {
  const made = await tx`
    insert into sessions.locks (subject, at) values (${subject}, ${command.now}) on conflict do nothing`
  return made.count > 0
}

function subjectsOf(account: Buffer, origin: Origin): Record<'network' | 'site' | 'device' | 'both', Buffer> {
  const device = origin.device ?? ''
  return {
    network: subjectOf('network', networkOf(origin.address)),
    site: subjectOf('site', siteOf(origin.address)),
    device: subjectOf('device', device),
    both: subjectOf('device', `${device}|${account.toString('base64')}`),
  }
}
