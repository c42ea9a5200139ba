import { afterAll, beforeAll, expect, test } from 'vitest'
import * as keys from '#keys'
import * as messages from '#messages'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const holder = () => `plr_${Math.random().toString(36).slice(2, 12)}`
const directory: messages.Directory = async () => ({ email: 'ada@example.com', name: 'Ada', language: 'de' })
const at = (seconds: number) => world.command(new Date(Date.UTC(2030, 0, 1) + seconds * 1000))

const tell = (to: string, more: Partial<messages.News<'confirm_email'>> = {}, seconds = 0) =>
  world.act((tx) =>
    messages.tell(tx, at(seconds), {
      to,
      template: 'confirm_email',
      values: { code: '424242', minutes: '30' },
      ...more,
    }),
  )
const take = (message: string, seconds = 0, whom = directory) =>
  world.act((tx) => messages.take(tx, at(seconds), message, { directory: whom, brand: 'Casino' }))
const note = (message: string, fate: messages.Fate, seconds = 0) =>
  world.act((tx) => messages.note(tx, at(seconds), message, fate))
const rowOf = async (message: string) =>
  (await world.admin`select * from messages.outbox where message = ${message}`)[0]!
const eventsOf = async (subject: string) =>
  (await world.sql`select code from audit.events where subject = ${subject} order by id`).map(({ code }) => code)
const later = { fate: 'later', status: '421' } as const

test('a message is there if and only if its transaction commits, and its job with it', async () => {
  const to = holder()
  await world
    .act(async (tx) => {
      await messages.tell(tx, at(0), { to, template: 'password_changed', values: {} })
      throw new Error('no')
    })
    .catch(() => {})
  expect(await world.sql`select from messages.outbox where holder = ${to}`).toHaveLength(0)
  const message = (await tell(to))!
  expect(world.jobs.at(-1)).toEqual({ queue: messages.sendQueue, data: { message } })
})

test('it is written in the language of who reads it, and one of two jobs gets it', async () => {
  const message = (await tell(holder()))!
  const [one, other] = await Promise.all([take(message), take(message)])
  expect([one, other].filter(Boolean)).toHaveLength(1)
  expect(one ?? other).toMatchObject({ address: 'ada@example.com', language: 'de', subject: 'Ihr Bestätigungscode' })
  expect((one ?? other)?.text).toContain('424242')
})

test('code and address stand in no column readable, and are gone once the message has left', async () => {
  const message = (await tell(holder(), { address: 'new@example.com' }))!
  const row = await rowOf(message)
  expect(JSON.stringify(row)).not.toMatch(/424242|new@example/)
  expect(Buffer.from(row.sealed).toString('latin1')).not.toMatch(/424242|new@example/)
  expect((await take(message))?.address).toBe('new@example.com')
  await note(message, { fate: 'accepted', carrier: 'smtp', reference: message })
  expect(await rowOf(message)).toMatchObject({ state: 'sent', sealed: null })
  expect(await take(message, 3600)).toBeUndefined()
})

test('what does not go now goes later, and later still; in the end it is given up, and that is an event', async () => {
  const to = holder()
  const message = (await tell(to))!
  let now = 0
  const waits: number[] = []
  for (;;) {
    if (!(await take(message, now))) throw new Error('not taken')
    await note(message, later, now)
    const row = await rowOf(message)
    if (row.state !== 'waiting') break
    expect(await take(message, now), 'not before its time').toBeUndefined()
    const due = row.due_at.getTime() / 1000 - Date.UTC(2030, 0, 1) / 1000
    expect(world.jobs.at(-1)).toMatchObject({ data: { message }, startAfter: row.due_at })
    waits.push(due - now)
    now = due
  }
  expect(waits).toEqual([...waits].sort((a, b) => a - b))
  expect(now / 86_400).toBeGreaterThan(4) // days: RFC 5321 4.5.4.1
  expect(await rowOf(message)).toMatchObject({ state: 'given_up', sealed: null, status: '421' })
  expect(await eventsOf(to)).toEqual(['messages.given_up'])
})

test('a code is not sent when it is good no longer, nor tried again when it would not be', async () => {
  const message = (await tell(holder(), { before: at(60).now }))!
  expect(await take(message, 60)).toBeUndefined()
  expect((await rowOf(message)).state).toBe('expired')
  const other = (await tell(holder(), { before: at(4).now }))!
  await take(other)
  await note(other, later)
  expect((await rowOf(other)).state).toBe('given_up')
})

test('a job that died lets another take the message after its claim, and the sweep finds it', async () => {
  const message = (await tell(holder()))!
  await take(message)
  expect(await take(message, 100)).toBeUndefined()
  expect(await messages.leftOver(world.sql, at(100).now)).not.toContain(message)
  expect(await messages.leftOver(world.sql, at(200).now)).toContain(message)
  expect(await take(message, 200)).toBeDefined()
})

test('an address that comes back is flagged, gets no more mail, and a new one does', async () => {
  const to = holder()
  const message = (await tell(to))!
  await take(message)
  await note(message, { fate: 'accepted', carrier: 'smtp', reference: message })
  await world.act((tx) => messages.noteBounce(tx, at(5), message, '5.1.1'))
  await world.act((tx) => messages.noteBounce(tx, at(6), message, '5.1.1'))
  expect(await messages.bounceOf(world.sql, to, 'email')).toEqual({ at: at(5).now, status: '5.1.1' })
  expect(await eventsOf(to)).toEqual(['messages.address_bounced'])
  const next = (await tell(to, {}, 10))!
  expect(await take(next, 10)).toBeUndefined()
  expect((await rowOf(next)).state).toBe('withheld')
  await world.act((tx) => messages.addressChanged(tx, at(20), { holder: to, channel: 'email' }))
  const last = (await tell(to, {}, 30))!
  expect(await take(last, 30)).toBeDefined()
})

test('a late report about the address before the present one says nothing of the present one', async () => {
  const to = holder()
  const message = (await tell(to))!
  await take(message)
  await note(message, { fate: 'accepted', carrier: 'smtp', reference: message })
  await world.act((tx) => messages.addressChanged(tx, at(10), { holder: to, channel: 'email' }))
  await world.act((tx) => messages.noteBounce(tx, at(20), message, '5.1.1'))
  expect(await messages.bounceOf(world.sql, to, 'email')).toBeUndefined()
})

test.each([
  ['5.1.1', true],
  ['5.2.1', true],
  ['5.2.2', false],
  ['5.7.1', false],
  ['4.4.7', false],
])('refused with %s: is the address at fault? %s', async (status, flagged) => {
  const to = holder()
  const message = (await tell(to))!
  await take(message)
  await note(message, { fate: 'refused', status })
  expect((await messages.bounceOf(world.sql, to, 'email')) !== undefined).toBe(flagged)
})

test('whoever was erased is told nothing more', async () => {
  const to = holder()
  const message = (await tell(to))!
  await world.act((tx) => keys.shred(tx, to))
  expect(await take(message)).toBeUndefined()
  expect((await rowOf(message)).state).toBe('withheld')
})

test('the same news within the quiet time is told once', async () => {
  const to = holder()
  expect(await tell(to, { quietMinutes: 5 })).toBeDefined()
  expect(await tell(to, { quietMinutes: 5 }, 200)).toBeUndefined()
  expect(await tell(to, { quietMinutes: 5 }, 301)).toBeDefined()
})

const report = (status: string, action = 'failed') =>
  Buffer.from(
    [
      'From: mailer-daemon@example.com',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain',
      '',
      'Status: 5.9.9 says the text, which nobody reads',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; mx.example.com',
      '',
      'Final-Recipient: rfc822;',
      '  ada@example.com',
      `Action: ${action}`,
      `Status: ${status} (no such user)`,
      '--b--',
      '',
    ].join('\r\n'),
  )

test.each([
  [report('5.1.1'), { failed: true, status: '5.1.1' }],
  [report('4.4.1', 'delayed'), { failed: false, status: '4.4.1' }],
  [report('2.0.0', 'delivered'), { failed: false, status: '2.0.0' }],
  [report('nonsense'), undefined],
  [Buffer.from('Subject: I am on holiday\r\n\r\nStatus: 5.1.1\r\n'), undefined],
  [Buffer.alloc(0), undefined],
  [Buffer.from('Content-Type: multipart/report; boundary=b\r\n\r\n'.repeat(1000)), undefined],
  [Buffer.alloc(300_000, 'a'), undefined],
])('a report is read by RFC 3464, and nothing else is one (%#)', async (raw, read) => {
  expect(await messages.readReport(raw)).toEqual(read)
})
