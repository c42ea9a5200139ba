import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Refusal } from '#base'
import * as factors from '#factors'
import { blindIndex, open } from '#keys'
import type * as players from '#players'
import * as sessions from '#sessions'
import { openWorld, type World } from '../../support/world.ts'

let world: World
let who: Awaited<ReturnType<World['player']>>
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const password = 'walrus tambourine quartz'
beforeEach(async () => {
  who = await world.player()
  await set(password)
})

const at = (seconds = 0) => world.command(new Date(Date.now() + seconds * 1000))
const set = async (text: string) => {
  const passwordHash = await sessions.hashPassword(world.agent.keys, text)
  await world.act((tx) => sessions.setPassword(tx, at(), { player: who.player, passwordHash }))
}
const ask = async (email: string, seconds = 0) => {
  await world.act((tx) => sessions.askReset(tx, at(seconds), { email }))
  const { epoch, value } = world.jobs.at(-1)!.data as { epoch: string; value: string }
  await world.act((tx) => sessions.sendReset(tx, at(seconds), { epoch, value: Buffer.from(value, 'hex') }))
}
/** The code as it stands in the last mail. */
const mailed = async () => {
  const [row] = await world.admin<Array<{ message: string; sealed: Buffer }>>`
    select message, sealed from messages.outbox
    where holder = ${who.player} and template = 'reset_password' order by made_at desc limit 1`
  if (!row) return undefined
  const place = { player: who.player, purpose: 'contact' as const, table: 'messages.outbox', column: 'sealed' }
  const text = await open(world.sql, world.agent.keys, { ...place, row: row.message, envelope: row.sealed })
  return (JSON.parse(text.toString()) as { values: { code: string } }).values.code
}
const take = (email: string, code: string, seconds = 0) =>
  world.act((tx) => sessions.takeResetCode(tx, at(seconds), { email, code }))
const ticket = async () => {
  await ask(who.email)
  const taken = await take(who.email, (await mailed())!)
  if ('refusal' in taken) throw taken.refusal
  return taken
}
type Show = Parameters<typeof sessions.reset>[2]['show']
/** What the player told of themselves when they registered. */
const own = { dateOfBirth: '1985-12-10', postalCode: 'VLT 1234' }
const reset = async (secret: string, text: string, show?: Show, seconds = 0, evidence: players.Evidence = own) => {
  const passwordHash = await sessions.hashPassword(world.agent.keys, text)
  return world.act((tx) => sessions.reset(tx, at(seconds), { secret, passwordHash, standsAlone: true, show, evidence }))
}
const isPassword = (text: string) =>
  sessions.isPasswordOf(world.sql, world.agent.keys, { player: who.player, password: text })
const codeOf = (answer: object) => ('refusal' in answer ? (answer.refusal as Refusal).code : undefined)

test('with the code of the mail comes a ticket, and with it once a new password; every session ends and a mail tells of it', async () => {
  const { secret, ways, evidence } = await ticket()
  expect([ways, evidence]).toEqual([[], ['dateOfBirth', 'postalCode']])
  expect(await reset(secret, 'a new one entirely')).toEqual({ player: who.player })
  expect([await isPassword('a new one entirely'), await isPassword(password)]).toEqual([true, false])
  await expect(reset(secret, 'and another one')).rejects.toMatchObject({ code: 'sessions.reset_refused' })
  const told = await world.admin`
    select template from messages.outbox where holder = ${who.player} and template = 'password_changed'`
  expect(told).toHaveLength(1)
  const events = await world.sql`select code from audit.events where subject = ${who.player} order by id`
  expect(events.map(({ code }) => code).slice(-3)).toEqual([
    'sessions.reset_code_taken',
    'sessions.password_set',
    'sessions.all_ended',
  ])
})

test('a code is taken however it is typed, five times at most, within half an hour', async () => {
  await ask(who.email)
  const code = (await mailed())!
  for (let attempt = 1; attempt <= 4; attempt++)
    expect(codeOf(await take(who.email, '22222222'))).toBe('sessions.reset_refused')
  expect(codeOf(await take(who.email, code, 1801))).toBe('sessions.reset_refused')
  expect(await take(who.email, ` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)}`)).toHaveProperty('secret')
  expect(codeOf(await take(who.email, code))).toBe('sessions.reset_refused')
  await ask(who.email, 130)
  const fresh = (await mailed())!
  for (let attempt = 1; attempt <= 5; attempt++) await take(who.email, '22222222', 130)
  expect(codeOf(await take(who.email, fresh, 130))).toBe('sessions.reset_refused')
})

test('an unknown address is tried alike: a row, attempts, one answer, and no mail', async () => {
  const email = `nobody.${Date.now()}@example.com`
  const before = await world.admin`select count(*)::int as count from messages.outbox`
  await ask(email)
  expect(await world.admin`select count(*)::int as count from messages.outbox`).toEqual(before)
  const { value } = await blindIndex(world.sql, world.agent.keys, 'email', email)
  expect(codeOf(await take(email, '22222222'))).toBe('sessions.reset_refused')
  expect(await world.admin`select player, attempts from sessions.resets where account = ${value}`).toEqual([
    { player: null, attempts: 1 },
  ])
  const [asked] = await world.sql<Array<{ subject: string }>>`
    select subject from audit.events where code = 'sessions.reset_asked' order by id desc limit 1`
  expect(asked).toEqual({ subject: 'unknown' })
})

test('nobody floods a mailbox: two minutes between codes, twenty in a day', async () => {
  for (let times = 0; times < 40; times++) await ask(who.email, times * 61)
  const told = await world.admin`
    select made_at from messages.outbox where holder = ${who.player} and template = 'reset_password'`
  expect(told).toHaveLength(20)
})

test('who asks again and again keeps nobody from their code: neither the last that may be sent nor a ticket is taken away', async () => {
  for (let times = 0; times < 20; times++) await ask(who.email, times * 121)
  const code = (await mailed())!
  await ask(who.email, 20 * 121)
  const taken = await take(who.email, code, 20 * 121)
  if ('refusal' in taken) throw taken.refusal
  await world.admin`update messages.outbox set made_at = made_at - interval '2 days' where holder = ${who.player}`
  await ask(who.email, 23 * 121)
  expect(await reset(taken.secret, 'a new one entirely', undefined, 23 * 121)).toEqual({ player: who.player })
})

test('staff can have a code sent also to whom somebody else had too many sent', async () => {
  for (let times = 0; times < 21; times++) await ask(who.email, times * 121)
  const last = await mailed()
  await world.act((tx) => sessions.offerReset(tx, at(22 * 121), { player: who.player, reason: 'asked by telephone' }))
  expect(await mailed()).not.toBe(last)
})

test('with another password, or another address, whatever was on its way is good no longer', async () => {
  const { secret } = await ticket()
  const passwordHash = await sessions.hashPassword(world.agent.keys, 'a new one entirely')
  await world.act((tx) => sessions.changePassword(tx, at(), { player: who.player, passwordHash, standsAlone: true }))
  await expect(reset(secret, 'the thief’s own choice')).rejects.toMatchObject({ code: 'sessions.reset_refused' })

  await ask(who.email, 300)
  const code = (await mailed())!
  await world.act((tx) => sessions.forgetCodes(tx, who.player))
  expect(codeOf(await take(who.email, code, 301))).toBe('sessions.reset_refused')
})

test('an account with a second factor keeps it: the new password needs it shown', async () => {
  const recovery = await world.act((tx) => factors.makeRecoveryCodes(tx, at(), { holder: who.player }))
  const { secret, ways } = await ticket()
  expect(ways).toEqual(['recovery'])
  await expect(reset(secret, 'a new one entirely')).rejects.toMatchObject({
    code: 'sessions.reset_factor_required',
    detail: { factors: ['recovery'] },
  })
  const show = (code: string) => (holder: string) =>
    world.act((tx) => factors.useRecoveryCode(tx, at(), { holder, code }))
  expect(codeOf(await reset(secret, 'a new one entirely', show('wrong')))).toBe('factors.code_wrong')
  expect(await isPassword(password)).toBe(true)
  expect(await reset(secret, 'a new one entirely', show(recovery[0]!))).toEqual({ player: who.player })
  expect(await isPassword('a new one entirely')).toBe(true)
})

test('the code of the mail alone sets no password: what its holder knows has to be said, all of it, and is guessed six times a day [GLI-2.5.3b]', async () => {
  const bare = await ticket()
  const passwordHash = await sessions.hashPassword(world.agent.keys, 'a new one entirely')
  const without = { secret: bare.secret, passwordHash, standsAlone: true, show: undefined }
  await expect(world.act((tx) => sessions.reset(tx, at(), without))).rejects.toMatchObject({
    code: 'sessions.reset_evidence_required',
    detail: { evidence: ['dateOfBirth', 'postalCode'] },
  })
  const say = async (secret: string, evidence: players.Evidence, seconds = 0) =>
    codeOf(await reset(secret, 'a new one entirely', undefined, seconds, evidence))
  const wrong = [
    {},
    { dateOfBirth: own.dateOfBirth },
    { ...own, postalCode: '' },
    { ...own, dateOfBirth: '1985-12-11' },
  ]
  for (const evidence of wrong) expect(await say(bare.secret, evidence)).toBe('sessions.reset_evidence_wrong')
  expect(await isPassword(password)).toBe(true)
  const later = async (seconds: number) => {
    await ask(who.email, seconds)
    const taken = await take(who.email, (await mailed())!, seconds)
    if ('refusal' in taken) throw taken.refusal
    return taken.secret
  }
  const second = await later(130)
  for (let i = 0; i < 2; i++) expect(await say(second, wrong[3]!, 130)).toBe('sessions.reset_evidence_wrong')
  expect(await say(second, own, 130), 'over all tickets of a day').toBe('sessions.reset_evidence_too_often')
  const nextDay = await later(86_600)
  expect(await say(nextDay, { ...own, postalCode: 'vlt-1234' }, 86_600)).toBeUndefined()
  expect(await isPassword('a new one entirely')).toBe(true)
})

test('a ticket ends after a quarter of an hour, and after five wrong factors', async () => {
  const { secret } = await ticket()
  await expect(reset(secret, 'a new one entirely', undefined, 901)).rejects.toMatchObject({
    code: 'sessions.reset_refused',
  })
  await world.act((tx) => factors.makeRecoveryCodes(tx, at(), { holder: who.player }))
  const refusal = { code: 'factors.code_wrong' } as Refusal
  for (let attempt = 1; attempt <= 5; attempt++) await reset(secret, 'a new one entirely', async () => ({ refusal }))
  await expect(reset(secret, 'a new one entirely', async () => ({ refusal }))).rejects.toMatchObject({
    code: 'sessions.reset_refused',
  })
})

test('of fifty who use one ticket at a time one sets a password', async () => {
  const { secret } = await ticket()
  const passwordHash = await sessions.hashPassword(world.agent.keys, 'a new one entirely')
  const given = { secret, passwordHash, standsAlone: true, show: undefined, evidence: own }
  const results = await Promise.allSettled(
    Array.from({ length: 50 }, () => world.act((tx) => sessions.reset(tx, at(), given))),
  )
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('staff can begin a reset and learn nothing by it: the code goes to the player alone [S10]', async () => {
  const command = { ...at(), actor: { kind: 'staff' as const, id: 'stf_1' } }
  const answer = await world.act((tx) => sessions.offerReset(tx, command, { player: who.player, reason: 'lost it' }))
  expect(answer).toBeUndefined()
  const code = (await mailed())!
  const [event] = await world.sql`
    select entry from audit.events where code = 'sessions.reset_asked' and subject = ${who.player}`
  expect(event!.entry).not.toContain(code)
  expect(await take(who.email, code)).toHaveProperty('secret')
})

test('a password that leans on a second factor is told from one that stands alone', async () => {
  expect(await sessions.standsAlone(world.sql, who.player)).toBe(true)
  const passwordHash = await sessions.hashPassword(world.agent.keys, 'x8 k!2 pq')
  const change = { player: who.player, passwordHash, standsAlone: false }
  await world.act((tx) => sessions.changePassword(tx, at(), change))
  expect(await sessions.standsAlone(world.sql, who.player)).toBe(false)
})
