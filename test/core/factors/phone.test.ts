import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newId } from '#base'
import * as factors from '#factors'
import * as messages from '#messages'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

let sent: Array<{ address: string; text: string }> = []
beforeEach(() => {
  sent = []
  world.jobs.length = 0
})

/** What the job would hand to a carrier. */
async function deliver(now: Date): Promise<void> {
  for (const { data } of world.jobs.splice(0)) {
    const directory = async () => ({ email: 'ada@example.com', name: 'Ada', language: 'en' as const })
    const setting = { directory, brand: 'Countroom' }
    const letter = await world.act((tx) => messages.take(tx, world.command(now), String(data.message), setting))
    if (letter?.channel === 'sms') sent.push(letter)
  }
}

const begin = Date.UTC(2026, 10, 27, 12)
const at = (seconds: number) => new Date(begin + seconds * 1000)
const last = () => /\d{6}/.exec(sent.at(-1)?.text ?? '')?.[0] ?? ''
const other = (code: string) => (code === '000000' ? '000001' : '000000')

test('a telephone counts once the code that was sent there came back', async () => {
  const { player: holder } = await world.player()
  const { factor } = await offer(holder, '+356 (21) 23-45.67', 0)
  expect(sent).toMatchObject([{ address: '+35621234567', text: expect.stringContaining('Good for 5 min') }])
  expect(last()).toMatch(/^\d{6}$/)
  expect(await use(holder, last(), 1), 'before it counts').toBe('factors.code_wrong')
  await world.act((tx) => factors.forget(tx, world.command(), { holder, reason: 'again' }))
  const again = await offer(holder, '+35621234567', 60)
  expect(await confirm(holder, again.factor, last(), 61)).toBe('added')
  expect(await factors.list(world.sql, world.agent.keys, holder)).toMatchObject([{ kind: 'sms', phone: '+35 ••• 67' }])
  expect(factor).not.toBe(again.factor)
})

test('a code is used once, by one of fifty who send it at the same time [S11]', async () => {
  const holder = await withPhone()
  await send(holder, 100)
  const code = last()
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => use(holder, code, 101)))
  expect(outcomes.filter((outcome) => outcome === 'used')).toHaveLength(1)
  expect(await use(holder, code, 1002)).toBe('factors.code_wrong')
})

test('three attempts, five minutes, and the newest code alone', async () => {
  const holder = await withPhone()
  await send(holder, 100)
  for (let i = 0; i < 3; i++) expect(await use(holder, other(last()), 101)).toBe('factors.code_wrong')
  expect(await use(holder, last(), 102), 'after three').toBe('factors.code_wrong')
  await send(holder, 1200)
  expect(await use(holder, last(), 1500), 'after five minutes').toBe('factors.code_wrong')
  await send(holder, 3000)
  const [older, newer] = [last(), await send(holder, 3040)]
  if (older !== newer) expect(await use(holder, older, 3041)).toBe('factors.code_wrong')
  expect(await use(holder, newer, 3042)).toBe('used')
})

test('codes are sent twice a minute, five times an hour, ten times a day at most', async () => {
  const holder = await withPhone()
  await expect(send(holder, 10)).rejects.toMatchObject({
    code: 'factors.sms_too_often',
    detail: { retryAfterSeconds: 30 },
  })
  for (const seconds of [40, 80, 120, 160]) await send(holder, seconds)
  await expect(send(holder, 200)).rejects.toMatchObject({ detail: { retryAfterSeconds: 3600 } })
  for (const seconds of [4000, 4040, 4080, 4120, 4160]) await send(holder, seconds)
  await expect(send(holder, 9000)).rejects.toMatchObject({ code: 'factors.sms_too_often' })
  await send(holder, 24 * 3600 + 200)
})

test('whoever is not known to be the holder has three codes an hour sent there, counted apart from the holder’s own', async () => {
  const holder = await withPhone()
  const ask = (seconds: number, stranger: boolean) =>
    world
      .act((tx) => factors.sendSmsCode(tx, world.command(at(seconds)), { holder, stranger }))
      .then(
        () => 'sent',
        ({ code }) => code,
      )
  const outcomes = []
  for (let i = 1; i <= 4; i++) outcomes.push(await ask(i * 40, true))
  expect(outcomes).toEqual(['sent', 'sent', 'sent', 'factors.sms_too_often'])
  const own = []
  for (let i = 1; i <= 5; i++) own.push(await ask(160 + i * 31, false)) // one was sent to make the telephone theirs
  expect(own).toEqual(['sent', 'sent', 'sent', 'sent', 'factors.sms_too_often'])
})

test('a code that its holder asked for is not taken from them by a stranger who asks, and one that is over is', async () => {
  const holder = await withPhone()
  const code = await send(holder, 50_000)
  const strange = (seconds: number) =>
    world.act((tx) => factors.sendSmsCode(tx, world.command(at(seconds)), { holder, stranger: true }))
  await strange(50_040)
  await deliver(at(50_040))
  expect(last(), 'nothing was sent').toBe(code)
  expect(await use(holder, code, 50_050)).toBe('used')
  await strange(50_100)
  await deliver(at(50_100))
  expect(await use(holder, last(), 50_110)).toBe('used')
})

test('a number gets eight an hour whoever asks, its block twenty, and a network asks for sixty', async () => {
  const hour = 48 * 3600
  const offers = async (phones: string[], seconds: number, address: string) => {
    const codes = []
    for (const phone of phones) {
      const holder = newId('plr')
      const { actor, ...command } = world.command(at(hour + seconds))
      const asking = { ...command, actor: { ...actor, address } }
      const offered = world.act((tx) => factors.offerPhone(tx, asking, { holder, phone }))
      codes.push(
        await offered.then(
          () => 'sent',
          ({ code }) => code,
        ),
      )
    }
    return codes.filter((code) => code === 'sent').length
  }
  const many = (count: number, phone: (i: number) => string) => Array.from({ length: count }, (_, i) => phone(i))
  expect(
    await offers(
      many(10, () => '+35677000001'),
      0,
      '203.0.113.1',
    ),
    'of one number',
  ).toBe(8)
  expect(
    await offers(
      many(22, (i) => `+3567701${1000 + i}`),
      0,
      '198.51.100.1',
    ),
    'of one block',
  ).toBe(20)
  expect(
    await offers(
      many(62, (i) => `+35680${100 + i}0000`),
      0,
      `192.0.2.7`,
    ),
    'from one network',
  ).toBe(60)
  expect(await offers(['+356812220000'], 10, '192.0.2.200'), 'its other end').toBe(0)
  expect(await offers(['+356812220000'], 10, '192.0.3.7'), 'its neighbour').toBe(1)
  expect(await offers(['+356812230000'], 3700, '192.0.2.7'), 'an hour later').toBe(1)
})

test('of many who send to one number at once no more get through', async () => {
  const holders = Array.from({ length: 12 }, () => newId('plr'))
  const command = world.command(at(96 * 3600))
  const outcomes = await Promise.allSettled(
    holders.map((holder) => world.act((tx) => factors.offerPhone(tx, command, { holder, phone: '+35678000000' }))),
  )
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(8)
})

test('what is no telephone number is refused, and nothing is sent', async () => {
  const { player: holder } = await world.player()
  for (const phone of [
    '',
    '112',
    '021234567',
    '+0123456789',
    '+35621234567x',
    '+1234567890123456',
    '+356212',
    'javascript:1',
  ])
    await expect(offer(holder, phone, 0), phone).rejects.toMatchObject({ code: 'factors.phone_invalid' })
  await expect(send(holder, 0)).rejects.toMatchObject({ code: 'factors.unknown' })
  expect(sent).toEqual([])
})

test('neither the number nor a code stands anywhere in the open', async () => {
  const holder = await withPhone('+35621234567')
  await send(holder, 100)
  const tables = await world.admin<Array<{ name: string }>>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('factors', 'audit', 'base', 'messages')`
  for (const { name } of tables) {
    const text = JSON.stringify(await world.admin.unsafe(`select t::text from ${name} t`))
    for (const secret of [
      '35621234567',
      Buffer.from('+35621234567').toString('hex'),
      Buffer.from(last()).toString('hex'),
    ])
      expect(text.includes(secret), `${name} holds ${secret}`).toBe(false)
  }
})

async function offer(holder: string, phone: string, seconds: number) {
  const offered = await world.act((tx) => factors.offerPhone(tx, world.command(at(seconds)), { holder, phone }))
  await deliver(at(seconds))
  return offered
}

async function confirm(holder: string, factor: string, code: string, seconds: number) {
  const input = { holder, factor, code, label: 'My phone' }
  const outcome = await world.act((tx) => factors.confirmPhone(tx, world.command(at(seconds)), input))
  return 'refusal' in outcome ? outcome.refusal.code : 'added'
}

/** Nobody else's number, nor of a block that others have. */
let numbers = 1000
const newNumber = () => `+356${numbers++}4567`

async function withPhone(phone = newNumber()): Promise<string> {
  const { player: holder } = await world.player()
  const { factor } = await offer(holder, phone, 0)
  expect(await confirm(holder, factor, last(), 1)).toBe('added')
  return holder
}

async function send(holder: string, seconds: number): Promise<string> {
  await world.act((tx) => factors.sendSmsCode(tx, world.command(at(seconds)), { holder }))
  await deliver(at(seconds))
  return last()
}

async function use(holder: string, code: string, seconds: number) {
  const outcome = await world.act((tx) => factors.useSmsCode(tx, world.command(at(seconds)), { holder, code }))
  return 'refusal' in outcome ? outcome.refusal.code : 'used'
}
