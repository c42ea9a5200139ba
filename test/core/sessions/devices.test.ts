import { afterAll, beforeAll, expect, test } from 'vitest'
import { networkOf } from '#base'
import * as keys from '#keys'
import * as sessions from '#sessions'
import { mailedCode, rightAttempt } from '../../support/sign-in.ts'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const begin = async (player: string, from: Partial<sessions.Origin> = {}) => {
  const begun = await world.act((tx) => sessions.begin(tx, world.command(), rightAttempt(player, from)))
  if ('refusal' in begun) throw begun.refusal
  return begun
}
const withCode = async (player: string, from: Partial<sessions.Origin>) => {
  await world.admin`delete from sessions.codes`
  await world.act((tx) => sessions.askOwnCode(tx, world.command(), player))
  const code = await mailedCode(world, player)
  const tried = { ...rightAttempt(player, from), proof: { factor: 'email' as const, code } }
  const begun = await world.act((tx) => sessions.begin(tx, world.command(), tried))
  if ('refusal' in begun) throw begun.refusal
  return begun
}
const list = (session: sessions.Session) =>
  sessions.devices(world.sql, world.agent.keys, { player: session.playerId, signIn: session.signIn, now: new Date() })
const found = (secret: string) => sessions.find(world.sql, secret, new Date())

test('a player sees their devices: which browser, from where, which one is this', async () => {
  const { player } = await world.player()
  const place = { country: 'MT', latitude: 35.9, longitude: 14.5 }
  const phone = await begin(player, { address: '203.0.113.9', browser: 'Safari on iPhone', place })
  const desk = await withCode(player, { address: '2001:db8:1:2:3::4' })
  expect(await list(desk.session)).toMatchObject([
    { current: true, signedIn: true, last: { browser: 'Firefox on Linux', network: '2001:db8:1:2::/64', place: null } },
    { current: false, signedIn: true, last: { browser: 'Safari on iPhone', network: '203.0.113.0/24', place } },
  ])
  const again = await begin(player, { device: phone.device })
  expect(await list(again.session)).toHaveLength(2)
})

test('ending one device ends what is signed in with it, through a step-up too, and makes it a stranger; nobody ends another’s', async () => {
  const { player } = await world.player()
  const { player: other } = await world.player()
  const lost = await begin(player)
  const here = await withCode(player, { address: '198.51.100.1' })
  const stepped = await world.act((tx) =>
    sessions.stepUp(tx, world.command(), { session: lost.session, factor: 'password', right: true }),
  )
  if ('refusal' in stepped) throw stepped.refusal
  const device = (await list(here.session)).find(({ current }) => !current)!.device
  const endIt = (by: string) => world.act((tx) => sessions.endDevice(tx, world.command(), { player: by, device }))
  await expect(endIt(other)).rejects.toMatchObject({ code: 'sessions.device_unknown', kind: 'absent' })
  expect(await found(stepped.secret)).toBeDefined()
  await endIt(player)
  expect(await found(stepped.secret)).toBeUndefined()
  expect(await found(here.secret)).toBeDefined()
  await expect(begin(player, { device: lost.device })).rejects.toMatchObject({
    code: 'sessions.second_factor_required',
  })
})

test('signing out everywhere ends every session and forgets every device [S19]', async () => {
  const { player } = await world.player()
  const one = await begin(player)
  const two = await withCode(player, { address: '198.51.100.1' })
  await world.act((tx) => sessions.endAll(tx, world.command(), player))
  for (const { secret } of [one, two]) expect(await found(secret)).toBeUndefined()
  await expect(begin(player, { device: one.device })).rejects.toMatchObject({
    code: 'sessions.second_factor_required',
  })
})

test('networks are those of one holder: /24, /64, and IPv4 in IPv6 is IPv4', () => {
  expect(networkOf('203.0.113.77')).toBe('203.0.113.0/24')
  expect(networkOf('::ffff:203.0.113.77')).toBe('203.0.113.0/24')
  expect(networkOf('2001:0db8:0:0:1:2:3:4')).toBe('2001:db8:0:0::/64')
  expect(networkOf('2001:db8::1')).toBe(networkOf('2001:db8:0:0:ffff::2'))
  expect(networkOf('::1')).toBe('0:0:0:0::/64')
})

test('after four hundred days a device is forgotten, and where a sign-in came from', async () => {
  const { player } = await world.player()
  const { session } = await begin(player)
  const days = (count: number) => new Date(Date.now() + count * 86_400_000)
  await world.act((tx) => sessions.sweep(tx, days(399)))
  expect((await list(session))[0]?.last?.browser).toBe('Firefox on Linux')
  await world.act((tx) => sessions.sweep(tx, days(401)))
  expect(await list(session)).toEqual([])
  const [row] = await world.admin`select origin from sessions.sign_ins where player = ${player}`
  expect(row?.origin).toBeNull()
})

test('where a sign-in came from is told of its sessions, through a step-up too; not once its player is erased, or it is too long ago', async () => {
  const place = { country: 'MT', latitude: 35.9, longitude: 14.5 }
  const signedIn = async (from: Partial<sessions.Origin>) => {
    const { player } = await world.player()
    const { session } = await begin(player, from)
    const stepped = await world.act((tx) =>
      sessions.stepUp(tx, world.command(), { session, factor: 'password', right: true }),
    )
    if ('refusal' in stepped) throw stepped.refusal
    return { player, session: session.id, stepped: stepped.session.id }
  }
  const [one, erased, shredded, nowhere] = [
    await signedIn({ place }),
    await signedIn({ place }),
    await signedIn({ place }),
    await signedIn({}),
  ]
  const all = [one, erased, shredded, nowhere].flatMap(({ session, stepped }) => [session, stepped])
  const told = async () =>
    [...(await sessions.placesOf(world.sql, world.agent.keys, [...all, 'ses_of_nobody']))].map(([session]) => session)
  expect((await told()).sort()).toEqual(all.slice(0, 6).sort())
  expect((await sessions.placesOf(world.sql, world.agent.keys, [one.stepped])).get(one.stepped)).toEqual(place)

  await world.act((tx) => sessions.forget(tx, erased.player))
  await world.act((tx) => keys.shred(tx, shredded.player))
  expect((await told()).sort()).toEqual([one.session, one.stepped].sort())
  await world.act((tx) => sessions.sweep(tx, new Date(Date.now() + 401 * 86_400_000)))
  expect(await told()).toEqual([])
})
