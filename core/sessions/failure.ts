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

export async function isLocked(reader: Reader, account: Buffer): Promise<boolean> {
  const [row] = await reader`select from sessions.locks where subject = ${account}`
  return row !== undefined
}

/** Keeps unknown devices out of an account until a second factor is shown [GLI-2.5.3d-1]. */
export async function lock(tx: Tx, command: Command, account: Buffer): Promise<void> {
  await tx`insert into sessions.locks (subject, at) values (${account}, ${command.now}) on conflict do nothing`
}

/** What went wrong before a sign-in is forgotten by it; its lock only by a second factor [GLI-2.5.3d-2]. */
export async function forgive(tx: Tx, account: Buffer): Promise<void> {
  await tx`delete from sessions.failures where subject = ${account}`
}

/** Lets unknown devices in again. Answers whether they were kept out. */
export async function unlock(tx: Tx, account: Buffer): Promise<boolean> {
  return (await tx`delete from sessions.locks where subject = ${account}`).count > 0
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
