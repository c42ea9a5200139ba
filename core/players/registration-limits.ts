import { networkOf, type Tx } from '#base'
import { type KeyedCommand, normaliseEmail } from '#keys'
import { registrationsTooMany } from './errors.ts'
import { type RegistrationLimit, registrationLimits } from './policy.ts'

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
  if (command.actor.address === undefined) return
  const network = networkOf(command.actor.address)
  await tx`select pg_advisory_xact_lock(hashtextextended(${`players registrations ${network}`}, 0))` // of two at once the second knows of the first
  const since = (seconds: number) => new Date(command.now.getTime() - seconds * 1000)
  for (const [limit, subject] of await subjectsOf(command, network, email)) {
    const [row] = await tx<Array<{ hour: number; day: number }>>`
      select count(*) filter (where at > ${since(hourSeconds)})::int as hour, count(*)::int as day
      from players.registration_counts where subject = ${subject} and at > ${since(daySeconds)}`
    const { hour = 0, day = 0 } = row ?? {}
    const { perHourMax, perDayMax } = registrationLimits[limit]
    if (day >= perDayMax) throw registrationsTooMany(daySeconds / 4)
    if (hour >= perHourMax) throw registrationsTooMany(hourSeconds)
    await tx`insert into players.registration_counts (subject, at) values (${subject}, ${command.now})`
  }
}

/** Forgets what no limit looks back at any more. */
export async function forgetRegistrationCounts(tx: Tx, now: Date): Promise<void> {
  await tx`delete from players.registration_counts where at < ${new Date(now.getTime() - daySeconds * 1000)}`
}

async function subjectsOf({ keys }: KeyedCommand, network: string, email: string) {
  const epoch = await keys.active('hk-pepper')
  const subjects: Array<[RegistrationLimit, string]> = [
    ['network', network],
    ['address', `${network}|${normaliseEmail(email)}`],
  ]
  const mac = (limit: RegistrationLimit, value: string) =>
    keys.mac(epoch, Buffer.from(`registration|${limit}|${value}`))
  return Promise.all(subjects.map(async ([limit, value]) => [limit, await mac(limit, value)] as const))
}
