import { networkOf, type Refusal, type Tx } from '#base'
import { type KeyedCommand, normaliseEmail } from '#keys'
import { registrationsTooMany } from './errors.ts'
import { newNetworkAsksMax, type RegistrationLimit, registrationLimits } from './policy.ts'

const hourSeconds = 3600
const daySeconds = 24 * hourSeconds

/**
 * Counts a registration that is about to be made, or refuses it: by the network it comes from, or a machine would open accounts without
 * end, and by the address together with the network, or one stranger would use up the mails that its owner needs. Known and unknown
 * addresses are counted alike.
 *
 * @throws Refusal `players.registrations_too_many`, `keys.email_malformed`
 */
export async function countRegistration(tx: Tx, command: KeyedCommand, { email }: { email: string }): Promise<void> {
  const network = await holdNetwork(tx, command)
  if (network === undefined) return
  for (const limit of ['network', 'address'] as const) {
    const refusal = await count(tx, command, limit, limit === 'network' ? network : addressFrom(network, email))
    if (refusal) throw refusal
  }
}

/** Counts that another code is asked for, or says no; for known and unknown addresses alike. @throws Refusal `keys.email_malformed` */
export async function countAsking(tx: Tx, command: KeyedCommand, { email }: { email: string }): Promise<boolean> {
  const network = await holdNetwork(tx, command)
  if (network === undefined) return true
  return (await count(tx, command, 'code', addressFrom(network, email))) === undefined
}

/** Has the network of who asks asked little for this address today, registrations and codes together? */
export async function isNewNetwork(tx: Tx, command: KeyedCommand, { email }: { email: string }): Promise<boolean> {
  const { address } = command.actor
  if (address === undefined) return false
  const from = addressFrom(networkOf(address), email)
  const subjects = await Promise.all((['address', 'code'] as const).map((limit) => subjectOf(command, limit, from)))
  const [row] = await tx<Array<{ asks: number }>>`
    select count(*)::int as asks from players.registration_counts
    where subject in ${tx(subjects)} and at > ${since(command, daySeconds)}`
  return (row?.asks ?? 0) <= newNetworkAsksMax
}

/** Forgets what no limit looks back at any more. */
export async function forgetRegistrationCounts(tx: Tx, now: Date): Promise<void> {
  await tx`delete from players.registration_counts where at < ${new Date(now.getTime() - daySeconds * 1000)}`
}

/** Of two at once from one network the second knows of the first. */
async function holdNetwork(tx: Tx, { actor }: KeyedCommand): Promise<string | undefined> {
  if (actor.address === undefined) return undefined
  const network = networkOf(actor.address)
  await tx`select pg_advisory_xact_lock(hashtextextended(${`players registrations ${network}`}, 0))`
  return network
}

async function count(
  tx: Tx,
  command: KeyedCommand,
  limit: RegistrationLimit,
  value: string,
): Promise<Refusal | undefined> {
  const subject = await subjectOf(command, limit, value)
  const [row] = await tx<Array<{ hour: number; day: number }>>`
    select count(*) filter (where at > ${since(command, hourSeconds)})::int as hour, count(*)::int as day
    from players.registration_counts where subject = ${subject} and at > ${since(command, daySeconds)}`
  const { hour = 0, day = 0 } = row ?? {}
  const { perHourMax, perDayMax } = registrationLimits[limit]
  if (day >= perDayMax) return registrationsTooMany(daySeconds / 4)
  if (hour >= perHourMax) return registrationsTooMany(hourSeconds)
  await tx`insert into players.registration_counts (subject, at) values (${subject}, ${command.now})`
  return undefined
}

function addressFrom(network: string, email: string): string {
  return `${network}|${normaliseEmail(email)}`
}

async function subjectOf({ keys }: KeyedCommand, limit: RegistrationLimit, value: string): Promise<Buffer> {
  return keys.mac(await keys.active('hk-pepper'), Buffer.from(`registration|${limit}|${value}`))
}

function since({ now }: KeyedCommand, seconds: number): Date {
  return new Date(now.getTime() - seconds * 1000)
}
