import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { register } from 'prom-client'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { type Clocks, watchClocks } from '../../core/host/clocks.ts'
import { watchGenerator } from '../../core/host/generator-watch.ts'
import type { Host } from '../../core/host/host.ts'
import { openIncidents } from '../../core/host/incidents.ts'
import { begin } from '../../core/host/lifetime.ts'
import { createLog } from '../../core/host/log.ts'
import { watchOutages } from '../../core/host/outages.ts'
import { problemOf } from '../../core/host/refusals.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'

/** What a process tells the log about itself and what it stands on. */
let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.stop())

const log = createLog('test', 'silent')
const hostOf = (config: object = {}) =>
  ({ sql: db.sql, log, now: () => new Date(), config: { name: 'core-9', ...config } }) as unknown as Host
let since: Date
beforeEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 2)) // events of one millisecond belong to one test
  since = new Date()
})
const told = async () => (await audit.search(db.sql, { from: since, limit: 100 })).reverse()
const codes = async () => (await told()).map(({ code }) => code)

test('a process tells that it starts and stops, and once what it starts with [S49] [GLI-2.8.8c] [GLI-2.8.8h] [GLI-2.8.8k]', async () => {
  await (await begin(hostOf(), async () => [])).end()
  const first = await codes()
  expect(first[0]).toBe('host.started')
  expect(first.at(-1)).toBe('host.stopped')
  expect(first).toEqual(
    expect.arrayContaining([
      'host.configuration_changed',
      'host.schema_changed',
      'licences.rules_changed',
      'games.library_changed',
      'games.parameters_changed',
    ]),
  )
  await (await begin(hostOf(), async () => [])).end()
  expect((await codes()).slice(first.length)).toEqual(['host.started', 'host.stopped'])
})

test('another configuration, and rules that somebody changed in the database, are told with what they were [GLI-2.8.8i]', async () => {
  await db.admin`update licences.licences set rules = jsonb_set(rules, '{limitLoosenHours}', '1')`
  await (await begin(hostOf({ ledger: { monthsAttached: 6 } }), async () => [])).end()
  const events = await told()
  expect(events.map(({ code }) => code)).toEqual([
    'host.started',
    'host.configuration_changed',
    'licences.rules_changed',
    'host.stopped',
  ])
  const rules = events[2]!
  expect(rules.before).toMatchObject({ rules: { limitLoosenHours: 24 } })
  expect(rules.after).toMatchObject({ rules: { limitLoosenHours: 1 } })
})

test('what was away is told when it is back: what, from when until when, how many were refused [GLI-2.8.8c]', async () => {
  const away: string[] = []
  const watch = watchOutages(hostOf(), async () => [...away])
  const incidents = openIncidents(hostOf())
  const refuse = () => {
    const error = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', syscall: 'connect' })
    return incidents.note(systemCommand('test'), { where: 'GET /', error, problem: problemOf(error, '') })
  }
  await watch.look()
  away.push('database', 'keys')
  await refuse()
  await watch.look()
  await refuse()
  await watch.look()
  expect(await codes()).toEqual([])
  away.length = 0
  await watch.look()
  await watch.look()
  watch.close()
  const events = await told()
  expect(events.map(({ code, subject }) => [code, subject])).toEqual([
    ['host.unavailable', 'database'],
    ['host.unavailable', 'keys'],
  ])
  expect(events[0]).toMatchObject({ outcome: 'failure', detail: { process: 'core-9', refused: 2 } })
  const { from, until } = events[0]!.detail as { from: string; until: string }
  expect(Date.parse(until)).toBeGreaterThanOrEqual(Date.parse(from))
})

test('a source of entropy that failed is told at once and once, by event, metric and an alert on it; one that is merely away is no event [GLI-A.6.2] [GLI-3.3.3-2]', async () => {
  const generator: { sound: boolean; failed: string[] } = { sound: false, failed: [] }
  const watch = watchGenerator(hostOf(), generator)
  const metric = () => register.getSingleMetric('countroom_rng_sound')!.get()
  await watch.look()
  expect([await codes(), (await metric()).values]).toMatchObject([[], [{ value: 0 }]])
  generator.sound = true
  await watch.look()
  expect((await metric()).values).toMatchObject([{ value: 1 }])
  Object.assign(generator, { sound: false, failed: ['token'] })
  await Promise.all([watch.look(), watch.look()])
  await watch.look()
  watch.close()
  const [event, ...more] = await told()
  expect(event).toMatchObject({
    ...{ code: 'rng.source_failed', outcome: 'failure', subject: 'core-9' },
    detail: { process: 'core-9', sources: ['token'] },
  })
  expect(more).toEqual([])
  expect(audit.significantCodes).toContain('rng.source_failed')
  const root = join(import.meta.dirname, '../..')
  const alerts = readFileSync(join(root, 'ops/monitoring/alerts/generator.yml'), 'utf8')
  expect(alerts).toContain('countroom_rng_sound')
  expect(existsSync(join(root, /runbook: (\S+)/.exec(alerts)![1]!))).toBe(true)
})

test('a clock that is set, and one that differs from the database’s, raise the alarm; a good one does not [S55] [GLI-2.8.8j]', async () => {
  let ahead = 0
  const clocks: Clocks = { wall: () => Date.now() + ahead, steady: () => performance.now() }
  const watch = watchClocks(hostOf(), { clocks })
  await watch.look()
  expect(await codes()).toEqual([])
  ahead = 5000
  await watch.look() // set, and from now on 5 s before the database's
  await watch.look() // told already
  ahead = 0
  await watch.look() // set back
  watch.close()
  // By what they say: their instants are the wrong clock's.
  const [step, back, skew] = await Promise.all(
    (['host.clock_stepped', 'host.clock_stepped', 'host.clock_skewed'] as const).map(async (code, index) => {
      const found = await audit.search(db.sql, { code, limit: 10 })
      return found.find(({ detail }) => index === 2 || Number(detail?.milliseconds) > 0 === (index === 0))
    }),
  )
  expect(Number(step?.detail?.milliseconds)).toBeGreaterThan(4500)
  expect(Number(back?.detail?.milliseconds)).toBeLessThan(-4500)
  expect(skew?.detail).toMatchObject({ against: 'database', process: 'core-9' })
  expect(await audit.search(db.sql, { code: 'host.clock_skewed', limit: 10 })).toHaveLength(1)
})

test('every instant in the log is UTC [S55]', async () => {
  for (const { at } of await audit.search(db.sql, { limit: 100 }))
    expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})
