import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { open } from '#keys'
import * as messages from '#messages'
import * as players from '#players'
import { openWorld, type World } from '../../support/world.ts'

let world: World
let who: Awaited<ReturnType<World['player']>>
let wanted: string
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())
beforeEach(async () => {
  who = await world.player()
  wanted = `new.${Date.now()}.${Math.random().toString(36).slice(2)}@example.com`
})

const at = (seconds = 0) => world.command(new Date(Date.now() + seconds * 1000))
const ask = (email: string, seconds = 0) =>
  world.act((tx) => players.askEmailChange(tx, at(seconds), { player: who.player, email }))
const confirm = (code: string, seconds = 0) =>
  world.act((tx) => players.confirmEmailChange(tx, at(seconds), { player: who.player, code }))
const ownerOf = async (email: string) => (await players.findByEmail(world.sql, world.agent.keys, email))?.player
/** What was told to a player of late: the template, and what is sealed in it. */
const told = async (player: string) => {
  const rows = await world.admin<Array<{ message: string; template: string; sealed: Buffer }>>`
    select message, template, sealed from messages.outbox
    where holder = ${player} and template <> 'confirm_email' order by made_at, message`
  return Promise.all(
    rows.map(async ({ message, template, sealed }) => {
      const place = { player, purpose: 'contact' as const, table: 'messages.outbox', column: 'sealed', row: message }
      const text = await open(world.sql, world.agent.keys, { ...place, envelope: sealed })
      return { template, ...(JSON.parse(text.toString()) as { values: Record<string, string>; address?: string }) }
    }),
  )
}
const codeOf = async () =>
  (await told(who.player)).findLast(({ template }) => template === 'email_change')!.values.code!

test('a code goes to the new address and word to the old one; with it the address changes, and the old one hears last', async () => {
  await ask(` ${wanted.toUpperCase()} `)
  expect((await told(who.player)).map(({ template, address }) => [template, address])).toEqual(
    expect.arrayContaining([
      ['email_change', wanted],
      ['email_change_asked', undefined],
    ]),
  )
  expect([await ownerOf(who.email), await ownerOf(wanted)]).toEqual([who.player, undefined])
  expect(await confirm(await codeOf())).toEqual({ changed: true })
  expect([await ownerOf(who.email), await ownerOf(wanted)]).toEqual([undefined, who.player])
  expect((await players.profile(world.sql, world.agent.keys, who.player)).email).toBe(wanted)
  expect(await told(who.player)).toContainEqual({ template: 'email_changed', values: {}, address: who.email })
  const [event] = await world.sql<Array<{ entry: string }>>`
    select entry from audit.events where code = 'players.profile_changed' and subject = ${who.player}`
  expect(event!.entry).not.toContain('@')
})

test('an address from which mail came back is good again once it is another', async () => {
  await world.admin`
    insert into messages.addresses (holder, channel, since, bounced_at, status)
    values (${who.player}, 'email', now() - interval '1 day', now(), '5.1.1')`
  await ask(wanted)
  await confirm(await codeOf())
  expect(await messages.bounceOf(world.sql, who.player, 'email')).toBeUndefined()
})

test('somebody else’s address is not told from a free one: its owner hears of it, and no code opens it', async () => {
  const other = await world.player()
  await ask(other.email)
  expect(await told(other.player)).toMatchObject([{ template: 'already_registered' }])
  const own = (await told(who.player)).map(({ template }) => template)
  expect(own).toEqual(['email_change_asked'])
  expect(await confirm('000000')).toHaveProperty('refusal.code', 'players.code_wrong')
  expect(await ownerOf(other.email)).toBe(other.player)
})

test('who takes the address meanwhile and confirms it keeps it', async () => {
  await ask(wanted)
  const player = (await world.act(async (tx) =>
    players.register(tx, at(), await world.registration({ email: wanted })),
  ))!
  const code = (await world.act((tx) => players.newConfirmation(tx, at(), player)))!
  await world.act((tx) => players.confirmEmail(tx, at(), { email: wanted, code, shownBy: player }))
  await expect(confirm(await codeOf())).rejects.toMatchObject({ code: 'players.code_wrong' })
  expect([await ownerOf(who.email), (await ownerOf(wanted)) === who.player]).toEqual([who.player, false])
})

test('a registration that nobody confirmed gives way, before and after the code was asked for, and nothing of it can be read', async () => {
  for (const earlier of [true, false]) {
    const email = `${earlier}.${wanted}`
    if (!earlier) await ask(email, 120)
    const planted = (await world.act(async (tx) => players.register(tx, at(), await world.registration({ email }))))!
    if (earlier) await ask(email)
    expect(await confirm(await codeOf(), 120)).toEqual({ changed: true, forgotten: planted })
    expect(await ownerOf(email)).toBe(who.player)
    expect(await players.findPlayer(world.sql, planted)).toBeUndefined()
    expect(await world.admin`select from keys.deks where player = ${planted}`).toHaveLength(0)
  }
})

test('a code is good for five attempts and half an hour, and comes once a minute', async () => {
  await ask(wanted)
  const code = await codeOf()
  const wrong = code === '000000' ? '000001' : '000000'
  await expect(ask(wanted, 30)).rejects.toMatchObject({ code: 'players.email_too_often' })
  expect(await confirm(code, 1801)).toHaveProperty('refusal')
  for (let attempt = 1; attempt <= 5; attempt++) expect(await confirm(wrong)).toHaveProperty('refusal')
  expect(await confirm(code)).toHaveProperty('refusal')
  await expect(ask(who.email, 61)).rejects.toMatchObject({ code: 'players.email_same' })
  await expect(ask('not an address', 61)).rejects.toMatchObject({ code: 'keys.email_malformed' })
})

test('in a day there are twenty codes, whatever addresses they go to [S14]', async () => {
  for (let i = 0; i < 20; i++) await ask(`${i}.${wanted}`, i * 61)
  await expect(ask(wanted, 21 * 61)).rejects.toMatchObject({ code: 'players.email_too_often', kind: 'throttled' })
})
