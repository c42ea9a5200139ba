import { afterAll, beforeAll, expect, test } from 'vitest'
import * as ledger from '#ledger'
import * as players from '#players'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const register = async (changes: Partial<players.Registration>) => {
  const input = await world.registration(changes)
  return world.act((tx) => players.register(tx, world.command(), input))
}

test.each<[string, Partial<players.Registration>, string]>([
  ['under age [GLI-2.5.2a-i]', { dateOfBirth: `${new Date().getUTCFullYear() - 17}-01-01` }, 'players.under_age'],
  [
    'under the age of the country',
    { dateOfBirth: `${new Date().getUTCFullYear() - 20}-01-01`, country: 'EE' },
    'players.under_age',
  ],
  ['a birth date that never was', { dateOfBirth: '1990-02-30' }, 'players.birth_date_invalid'],
  ['a blocked country', { country: 'US' }, 'players.country_blocked'],
  ['old terms [GLI-2.5.2a-iii]', { termsVersion: '2020-01' }, 'players.terms_outdated'],
  ['a currency we do not offer', { currency: 'JPY' }, 'players.currency_not_offered'],
  ['a short password', { password: 'short' }, 'players.password_too_short'],
  ['a guessable password', { password: 'aaaaaaaaaaaaaaaa' }, 'players.password_weak'],
])('%s is refused', async (_, changes, code) => {
  await expect(register(changes)).rejects.toMatchObject({ code })
})

test('when which terms and privacy policy were agreed to stands with the player [GLI-2.8.5d]', async () => {
  const at = new Date('2026-03-04T05:06:07.008Z')
  const input = await world.registration()
  const player = (await world.act((tx) => players.register(tx, world.command(at), input)))!
  const { termsVersion, privacyVersion } = input
  expect(await players.agreements(world.sql, player)).toEqual({ termsVersion, privacyVersion, acceptedAt: at })
})

test('a known address registers nobody and looks the same; its owner is told [GLI-2.5.2d]', async () => {
  const { email, player } = await world.player()
  expect(await register({ email: email.toUpperCase() })).toBeUndefined()
  const told = () => world.admin`
    select template from messages.outbox where holder = ${player} order by made_at desc, message desc`
  expect((await told())[0]).toEqual({ template: 'already_registered' })
  const count = (await told()).length
  await register({ email })
  expect(await told(), 'once a minute').toHaveLength(count)
})

test('the code is good for five attempts, and only for its address', async () => {
  const input = await world.registration()
  const player = (await world.act((tx) => players.register(tx, world.command(), input)))!
  const code = (await world.act((tx) => players.newConfirmation(tx, world.command(), player)))!
  const wrong = code === '000000' ? '000001' : '000000'
  const confirm = (email: string, attempt: string) =>
    world.act((tx) => players.confirmEmail(tx, world.command(), { email, code: attempt, shownBy: player }))
  expect(await confirm('nobody@example.com', code)).toBe(false)
  for (let i = 0; i < 5; i++) expect(await confirm(input.email, wrong)).toBe(false)
  expect(await confirm(input.email, code)).toBe(false)
  const fresh = (await world.act((tx) => players.newConfirmation(tx, world.command(), player)))!
  expect(await confirm(input.email, fresh)).toBe(true)
})

test('no column, event or job holds personal data; staff see it masked, and every look is written down', async () => {
  const { player, email } = await world.player()
  const rows = JSON.stringify([
    await world.admin`select * from players.players`,
    await world.admin`select * from base.events`,
    await world.admin`select * from messages.outbox`,
    world.jobs,
  ])
  for (const secret of [email, 'Lovelace', 'St James', '1985-12-10']) expect(rows).not.toContain(secret)
  const masked = await world.act((tx) => players.inspect(tx, world.command(), { player }))
  expect(JSON.stringify(masked)).not.toMatch(/Lovelace|St James|12-10/)
  const unmask = { reason: 'complaint 12', fields: players.fields }
  const full = await world.act((tx) => players.inspect(tx, world.command(), { player, unmask }))
  expect(full).toMatchObject({ email, name: 'Ada Lovelace' })
  const records =
    await world.sql`select code, entry::json ->> 'reason' as reason from audit.events where subject = ${player} order by id desc limit 2`
  expect(records.map((record) => record.code)).toEqual(['players.viewed_in_full', 'players.viewed_masked'])
})

test('another code is sent once a minute, to who waits for one', async () => {
  const input = await world.registration()
  const player = await world.act((tx) => players.register(tx, world.command(), input))
  const ask = (seconds: number) =>
    world.act((tx) =>
      players.resendConfirmation(tx, world.command(new Date(Date.now() + seconds * 1000)), { email: input.email }),
    )
  const told = async () => (await world.admin`select from messages.outbox where holder = ${player!}`).length
  await ask(30)
  expect(await told()).toBe(1)
  await ask(61)
  expect(await told()).toBe(2)
})

test('nobody’s mailbox is flooded, and no code is tried for ever: some codes for each network, twenty in a day, the rest for networks that come late; the last one stands [S14]', async () => {
  const input = await world.registration()
  const { email } = input
  const player = await world.act((tx) => players.register(tx, world.command(), input))
  let minutes = 0
  const from = (network: number) => {
    minutes += 2
    const command = world.command(new Date(Date.now() + minutes * 60_000))
    return { ...command, actor: { ...command.actor, address: `10.7.${network}.1` } }
  }
  const told = async () =>
    (await world.admin`select from messages.outbox where holder = ${player!} and template = 'confirm_email'`).length
  const another = (network: number) => world.act((tx) => players.resendConfirmation(tx, from(network), { email }))
  for (let i = 0; i < 8; i++) await another(1)
  expect(await told(), 'five for a network').toBe(1 + 5)
  for (let i = 0; i < 30; i++) await another(2 + Math.floor(i / 5))
  expect(await told(), 'twenty for strangers, and two for each late one').toBe(20 + 6)

  const again = (network: number) =>
    world.act(async (tx) => {
      const command = from(network)
      await players.countRegistration(tx, command, input)
      return players.register(tx, command, input)
    })
  expect(await again(100), 'the owner still gets a code').toBe(player)
  expect(await again(100), 'and another').toBe(player)
  const last = await world.admin`select * from players.confirmations where player = ${player!}`
  expect(await again(100)).toBeUndefined()
  expect(await world.admin`select * from players.confirmations where player = ${player!}`).toEqual(last)
  for (let network = 101; network < 120; network++) await again(network)
  expect(await told(), 'in all').toBe(40)
})

test('what nobody confirmed is forgotten after the licence’s hours: the address is free and nothing can be read; what was confirmed stays', async () => {
  const input = await world.registration()
  const waiting = (await world.act((tx) => players.register(tx, world.command(), input)))!
  const { player: active } = await world.player()
  const forget = (hours: number) =>
    world.act((tx) => players.forgetUnconfirmed(tx, world.command(new Date(Date.now() + hours * 3_600_000)), 1000))
  expect(await forget(71)).not.toContain(waiting)
  const forgotten = await forget(73)
  expect(forgotten).toContain(waiting)
  expect(forgotten).not.toContain(active)
  expect(await players.findByEmail(world.sql, world.agent.keys, input.email)).toBeUndefined()
  expect(await world.admin`select from keys.deks where player = ${waiting}`).toHaveLength(0)
  expect(await players.findPlayer(world.sql, active)).toMatchObject({ status: 'active' })
  expect(await world.act((tx) => players.register(tx, world.command(), input)), 'anew').not.toBe(waiting)
})

test('a network opens so many accounts in an hour and so many in a day, and then it does again; what is too old is forgotten [S14]', async () => {
  const noon = Date.UTC(2030, 0, 1, 12)
  const open = (minutes: number, email: string, address = '198.51.100.9') =>
    world.act((tx) => {
      const command = world.command(new Date(noon + minutes * 60_000))
      return players.countRegistration(tx, { ...command, actor: { ...command.actor, address } }, { email })
    })
  const refused = { code: 'players.registrations_too_many', kind: 'throttled' }
  for (let i = 0; i < 5; i++) await open(i, 'ada@example.com')
  await expect(open(6, 'Ada@Example.com')).rejects.toMatchObject(refused)
  await open(6, 'ada@example.com', '203.0.113.9')
  await open(6, 'grace@example.com')
  await open(70, 'ada@example.com')
  await expect(open(140, 'ada@example.com'), 'six in a day').rejects.toMatchObject(refused)
  await open(24 * 60 + 2, 'ada@example.com')
  const kept = async () =>
    (await world.admin`select from players.registration_counts where at >= ${new Date(noon)}`).length
  const count = await kept()
  await world.act((tx) => players.forgetRegistrationCounts(tx, new Date(noon + 24 * 60 * 60_000)))
  expect(await kept()).toBe(count)
  await world.act((tx) => players.forgetRegistrationCounts(tx, new Date(noon + 72 * 60 * 60_000)))
  expect(await kept()).toBe(0)
})

test('a wallet that was opened before the address was confirmed stays the only one', async () => {
  const player = (await register({ email: 'early@example.com', currency: 'USD' }))!
  await world.act((tx) => ledger.openWallet(tx, world.command(), { player, currency: 'USD' }))
  expect(await register({ email: 'early@example.com', currency: 'EUR' })).toBe(player)
  const code = (await world.act((tx) => players.newConfirmation(tx, world.command(), player)))!
  const given = { email: 'early@example.com', code, shownBy: player }
  expect(await world.act((tx) => players.confirmEmail(tx, world.command(), given))).toBe(true)
  expect(await world.admin`select currency from ledger.wallets where player = ${player}`).toEqual([{ currency: 'USD' }])
})

test('the news that an address has an account goes to its owner once an hour', async () => {
  const { player, email } = await world.player()
  for (let minutes = 0; minutes <= 50; minutes += 10) {
    const input = await world.registration({ email })
    await world.act((tx) => players.register(tx, world.command(new Date(Date.now() + minutes * 60_000)), input))
  }
  expect(
    await world.admin`select from messages.outbox where holder = ${player} and template = 'already_registered'`,
  ).toHaveLength(1)
})

test('who is suspended before they confirmed the address has to confirm it when they are reinstated', async () => {
  const input = await world.registration()
  const player = (await world.act((tx) => players.register(tx, world.command(), input)))!
  const step = { player, reason: 'looked at' }
  await world.act((tx) => players.suspend(tx, world.command(), step))
  await world.act((tx) => players.reinstate(tx, world.command(), step))
  expect((await players.findPlayer(world.sql, player))?.status).toBe('pending_email')
})
