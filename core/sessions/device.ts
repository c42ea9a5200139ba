import * as audit from '#audit'
import { type Command, networkOf, newId, type Reader, type Tx } from '#base'
import { digestOf, type Keys, newSecret } from '#keys'
import { deviceUnknown } from './errors.ts'
import { type KeptOrigin, type Origin, openOrigin } from './origin.ts'

/** Networks of so many sign-ins are those the player comes from. */
const networksRemembered = 5

/** A browser a player signed in with. */
export type Device = {
  device: string
  knownAt: Date
  seenAt: Date
  /** Is it the one that asks? */
  current: boolean
  /** Is somebody signed in with it at the moment? */
  signedIn: boolean
  /** From where the last sign-in came; null for one of before this was kept. */
  last: KeptOrigin | null
}

/** Does the account know this browser, or has nobody signed in to it yet, so that there is none to compare with? */
export async function familiarity(
  reader: Reader,
  player: string,
  secret: string | undefined,
): Promise<{ standing: 'known' | 'new' | 'first'; device?: string }> {
  const [known] = await reader<Array<{ device: string }>>`
    select device from sessions.devices where player = ${player} and digest = ${digestOf(secret ?? '')}`
  if (known) return { standing: 'known', device: known.device }
  const [earlier] = await reader`select from sessions.sign_ins where player = ${player} limit 1`
  return { standing: earlier ? 'new' : 'first' }
}

/** Does the account know where this comes from: the browser, or the network of one of its last sign-ins? */
export async function isFamiliar(
  reader: Reader,
  keys: Keys,
  player: string,
  { device, address }: Pick<Origin, 'device' | 'address'>,
): Promise<boolean> {
  if ((await familiarity(reader, player, device)).standing === 'known') return true
  const rows = await reader<Array<{ signIn: string; origin: Buffer }>>`
    select sign_in as "signIn", origin from sessions.sign_ins
    where player = ${player} and origin is not null order by at desc limit ${networksRemembered}`
  const networks = await Promise.all(
    rows.map(async (row) => (await openOrigin(reader, keys, { ...row, player })).network),
  )
  return networks.includes(networkOf(address))
}

/** From now on the account knows this browser; one without a secret gets one. */
export async function keepDevice(
  tx: Tx,
  command: Command,
  { player, secret }: { player: string; secret: string | undefined },
): Promise<{ device: string; secret: string }> {
  const kept = secret ?? newSecret().secret
  const [row] = await tx<Array<{ device: string }>>`
    insert into sessions.devices (device, digest, player, known_at, seen_at)
    values (${newId('dev', command.now.getTime())}, ${digestOf(kept)}, ${player}, ${command.now}, ${command.now})
    on conflict (player, digest) do update set seen_at = excluded.seen_at
    returning device`
  return { device: row!.device, secret: kept }
}

/** A player's devices, the one used last first. */
export async function devices(
  reader: Reader,
  keys: Keys,
  { player, signIn: current, now }: { player: string; signIn: string; now: Date },
): Promise<Device[]> {
  const rows = await reader<Array<Omit<Device, 'last'> & { signIn: string | null; origin: Buffer | null }>>`
    select d.device, d.known_at as "knownAt", d.seen_at as "seenAt", i.sign_in as "signIn", i.origin,
      coalesce(d.device = (select device from sessions.sign_ins where sign_in = ${current}), false) as current,
      exists (
        select from sessions.sessions s join sessions.sign_ins o on o.sign_in = s.sign_in
        where s.player = d.player and o.device = d.device and s.ended_at is null and s.ends_at > ${now}
          and s.seen_at + make_interval(secs => s.idle_seconds_max) > ${now}
      ) as "signedIn"
    from sessions.devices d
    left join lateral (
      select sign_in, origin from sessions.sign_ins where player = d.player and device = d.device order by at desc limit 1
    ) i on true
    where d.player = ${player} order by d.seen_at desc`
  return await Promise.all(
    rows.map(async ({ signIn, origin, ...device }) => ({
      ...device,
      last: signIn && origin ? await openOrigin(reader, keys, { signIn, player, origin }) : null,
    })),
  )
}

/** Ends what is signed in with a device and forgets it: it is a new one when it comes back. @throws Refusal `sessions.device_unknown` */
export async function endDevice(
  tx: Tx,
  command: Command,
  { player, device }: { player: string; device: string },
): Promise<void> {
  const known = await tx`delete from sessions.devices where device = ${device} and player = ${player}`
  if (known.count === 0) throw deviceUnknown()
  await tx`
    update sessions.sessions s set ended_at = ${command.now} from sessions.sign_ins i
    where i.sign_in = s.sign_in and s.player = ${player} and i.device = ${device} and s.ended_at is null`
  await audit.record(tx, command, { action: 'sessions.device_ended', subject: player, detail: { device } })
}
