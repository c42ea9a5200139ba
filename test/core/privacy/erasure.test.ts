import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import * as cashier from '#cashier'
import * as factors from '#factors'
import { open, purposes, seal } from '#keys'
import * as licences from '#licences'
import * as players from '#players'
import * as privacy from '#privacy'
import * as protection from '#protection'
import * as sessions from '#sessions'
import { saveInstrument } from '../../../core/cashier/instrument.ts'
import { mailed } from '../../support/sign-in.ts'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const reason = 'asked for it'
const closedOn = new Date('2026-03-31T10:00:00Z')
const days = (count: number, from = closedOn) => new Date(from.getTime() + count * 86_400_000)
const close = (player: string, at = closedOn) =>
  world.act((tx) => players.close(tx, world.command(at), { player, reason }))
const outlook = (player: string, now = closedOn) => privacy.outlook(world.sql, { player, now })
const erase = async (player: string, at = closedOn, agreed?: Awaited<ReturnType<typeof agreedOn>>) => {
  const wanted = agreed ?? (await agreedOn(player, at))
  await world.act((tx) => privacy.erase(tx, world.command(at), { agreed: wanted, proposal: `prp_${player}`, reason }))
}
const agreedOn = async (player: string, at = closedOn) => privacy.agreedOn(player, await outlook(player, at))
const eraseDue = (at: Date) => world.act((tx) => privacy.eraseDue(tx, world.command(at), 20))
const keptBy = async (player: string) =>
  (
    await world.admin<Array<{ purpose: string }>>`
    select distinct purpose from keys.deks where player = ${player} order by purpose`
  ).map(({ purpose }) => purpose)

/** Somebody of whom there is something for each purpose. */
async function somebody() {
  const who = await world.player()
  const { player } = who
  const passwordHash = await sessions.hashPassword(world.agent.keys, 'walrus tambourine quartz')
  await world.act(async (tx) => {
    const command = world.command()
    await sessions.setPassword(tx, command, { player, passwordHash })
    const card = { token: 'tok_of_a_test', brand: 'Visa', last4: '4242', expiry: '12/29', holder: 'Ada Lovelace' }
    await saveInstrument(tx, command, { player, gateway: 'sandbox', ...card })
    await factors.offerPhone(tx, command, { holder: player, phone: '+356 2123 4567' })
    await audit.record(
      tx,
      { ...command, actor: { kind: 'player', id: player, address: '192.0.2.9' } },
      { action: 'players.data_exported', subject: player },
    )
    for (const purpose of ['kyc', 'marketing'] as const)
      await seal(tx, command, { player, purpose, table: 't', column: 'c', row: 'r', plaintext: 'x' })
  })
  expect(await keptBy(player)).toEqual([...purposes].sort())
  return who
}

test('[S59] at once goes what nothing has us keep; the rest when the licence’s time is over, by itself, and then all of it for good', async () => {
  const { player, email } = await somebody()
  await world.act((tx) => players.askErasure(tx, world.command(), { player }))
  await close(player)
  const { erases, keeps } = await outlook(player)
  expect(erases.sort()).toEqual(['contact', 'credentials', 'marketing'])
  const { retention } = await licences.rules(world.sql)
  expect(keeps.map(({ purpose, until, why }) => [purpose, until.toISOString().slice(0, 10), why])).toEqual([
    ['identity', '2031-03-31', retention.identity.why],
    ['kyc', '2031-03-31', retention.kyc.why],
    ['payment', '2031-03-31', retention.payment.why],
    ['audit', '2032-03-31', retention.audit.why],
  ])
  await erase(player)
  expect(await keptBy(player)).toEqual(['audit', 'contact', 'identity', 'kyc', 'payment'])
  expect(await players.erasureAskedAt(world.sql, player)).toBeUndefined()
  expect(await sessions.hasPassword(world.sql, player)).toBe(false)
  expect(await factors.list(world.sql, world.agent.keys, player)).toEqual([])
  const answer = await mailed(world, player, 'erasure_decided')
  expect(answer).toContain('who you are until 2031-03-31')
  expect(answer).toContain('what our log says of you until 2032-03-31')

  expect(await eraseDue(days(6)), 'the answer has to arrive first').toBe(0)
  expect(await eraseDue(days(7))).toBe(1)
  expect(await keptBy(player)).toEqual(['audit', 'identity', 'kyc', 'payment'])
  expect(await players.findByEmail(world.sql, world.agent.keys, email), 'the address is anybody’s').toBeUndefined()
  const seen = (purpose?: 'why') =>
    world.act((tx) =>
      players.inspect(tx, world.command(), {
        player,
        ...(purpose ? { unmask: { reason, fields: players.fields } } : {}),
      }),
    )
  expect(await seen('why')).toMatchObject({ email: '(erased)', name: 'Ada Lovelace' })

  expect(await eraseDue(new Date('2031-03-31T09:59:59Z'))).toBe(0)
  expect(await eraseDue(new Date('2031-03-31T10:00:00Z'))).toBe(1)
  expect(await keptBy(player)).toEqual(['audit'])
  expect(await seen()).toEqual({
    email: '(erased)',
    name: '(erased)',
    dateOfBirth: '(erased)',
    address: { street: '(erased)', city: '(erased)', postalCode: '(erased)' },
  })
  const [card] = await world.act((tx) => cashier.inspectInstruments(tx, world.command(), { player, unmaskFor: reason }))
  expect(card).toMatchObject({ last4: '••••', holder: '•••' })
  expect((await privacy.decided(world.sql, player))?.doneAt).toBeNull()
  expect(await eraseDue(new Date('2032-04-01T00:00:00Z'))).toBe(1)
  expect(await keptBy(player)).toEqual([])
  expect((await privacy.decided(world.sql, player))?.doneAt).toEqual(new Date('2032-04-01T00:00:00Z'))
  const place = { player, purpose: 'identity' as const, table: 'players.players', column: 'profile', row: player }
  const [{ profile } = { profile: Buffer.alloc(0) }] = await world.sql<Array<{ profile: Buffer }>>`
    select profile from players.players where player = ${player}`
  await expect(open(world.sql, world.agent.keys, { ...place, envelope: profile })).rejects.toMatchObject({
    code: 'keys.shredded',
  })
  await expect(world.act((tx) => seal(tx, world.command(), { ...place, plaintext: 'again' }))).rejects.toMatchObject({
    code: 'keys.erased',
  })
  expect(await eraseDue(new Date('2040-01-01T00:00:00Z')), 'once').toBe(0)
  const events = await world.sql<Array<{ entry: string }>>`
    select entry from audit.events where subject = ${player} and code = 'players.erased' order by id`
  expect(events.map(({ entry }) => JSON.parse(entry).detail.purposes.sort())).toEqual([
    ['credentials', 'marketing'],
    ['contact'],
    ['identity', 'kyc', 'payment'],
    ['audit'],
  ])
  expect((await audit.verify(world.sql)).ok).toBe(true)
})

test('nothing is erased of an account that is open, or has money in it, nor twice', async () => {
  const { player } = await world.player(500n)
  await expect(outlook(player)).rejects.toMatchObject({ code: 'privacy.not_closed' })
  await expect(close(player)).rejects.toMatchObject({ code: 'players.money_left' })
  const other = await world.player()
  await close(other.player)
  await expect(close(other.player)).rejects.toMatchObject({ code: 'players.status_forbids' })
  const agreed = await agreedOn(other.player)
  await erase(other.player)
  await expect(erase(other.player, closedOn, agreed)).rejects.toMatchObject({ code: 'privacy.decided_already' })
  await expect(outlook('plr_nobody')).rejects.toMatchObject({ code: 'players.unknown' })
})

test('what is done is what was agreed on: when a time ran out meanwhile, or the account was opened again, nothing is done', async () => {
  const { player } = await world.player()
  await close(player)
  const agreed = await agreedOn(player)
  await expect(erase(player, new Date('2031-04-01T00:00:00Z'), agreed)).rejects.toMatchObject({
    code: 'privacy.outlook_changed',
  })
  await world.act((tx) => players.reinstate(tx, world.command(), { player, reason }))
  await expect(erase(player, closedOn, agreed)).rejects.toMatchObject({ code: 'privacy.not_closed' })
  expect(await players.profile(world.sql, world.agent.keys, player)).toMatchObject({ name: 'Ada Lovelace' })
})

test('who is excluded from play stays known until the exclusion ends', async () => {
  const { player, wallet } = await world.player()
  await world.act((tx) => protection.exclude(tx, world.command(closedOn), { player, wallet, months: 60 }))
  await world.admin`update protection.bars set until = '2033-01-01T00:00:00Z' where player = ${player}`
  await close(player)
  const { keeps } = await outlook(player)
  expect(keeps.filter(({ until }) => until.getUTCFullYear() === 2033)).toMatchObject([
    { purpose: 'contact', why: expect.stringContaining('excluded') },
    { purpose: 'identity' },
  ])
  await erase(player)
  await eraseDue(days(30))
  expect(await keptBy(player), 'the address does not go after the answer').toContain('contact')
})
