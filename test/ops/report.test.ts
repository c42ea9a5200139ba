import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { sloPage } from '../../ops/commands/report.ts'
import { promisesNow, wordsOfPromises } from '../../ops/report/promises.ts'
import { sloReport } from '../../ops/report/slo.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'
import { newHome } from '../support/home.ts'
import { countroom } from './command.ts'

/** Promises against what a database keeps of a month, with outages, stops, deposits and settlements planted in it. */
let db: TestDatabase
const at = (words: string) => new Date(`2026-${words}Z`)
beforeAll(async () => {
  db = await openTestDatabase()
  const note = (when: Date, entry: Parameters<typeof audit.record>[2]) =>
    db.sql.begin((tx) => audit.record(tx, systemCommand('core-1', when), entry))
  const away = (process: string, component: string, from: Date, until: Date, refused: number) =>
    note(until, { action: 'host.unavailable', subject: component, detail: { process, from, until, refused } })
  const turn = (action: 'host.started' | 'host.stopped', process: string, when: Date) =>
    note(when, {
      action,
      subject: process,
      detail: action === 'host.started' ? { process, version: '1', configuration: 'c' } : { process },
    })
  await turn('host.started', 'core-1', at('09-01T00:00:00'))
  await turn('host.started', 'core-2', at('09-01T00:00:00'))
  // Two cores miss the database for an overlapping hour and a half; the worker misses something that no player needs.
  await away('core-1', 'database', at('10-05T10:00:00'), at('10-05T11:00:00'), 40)
  await away('core-2', 'database', at('10-05T10:30:00'), at('10-05T11:30:00'), 2)
  await away('work-1', 'keys', at('10-06T10:00:00'), at('10-06T20:00:00'), 0)
  // Half an hour at the turn of the month, of which a quarter is October's.
  await away('core-1', 'keys', at('10-31T23:45:00'), at('11-01T00:15:00'), 1)
  // Each core is stopped, and for ten minutes both.
  await turn('host.stopped', 'core-1', at('10-10T10:00:00'))
  await turn('host.stopped', 'core-2', at('10-10T10:05:00'))
  await turn('host.started', 'core-1', at('10-10T10:15:00'))
  await turn('host.started', 'core-2', at('10-10T10:20:00'))
  await turn('host.started', 'core-2', at('10-11T10:00:00')) // it had not stopped

  const deposit = (id: string, when: Date, page: string | null) => db.admin`
    insert into cashier.deposits (id, player, wallet, amount, currency, gateway, state, redirect_url, requested_at)
    values (${id}, 'p', 1, 100, 'EUR', 'g', 'pending', ${page}, ${when})`
  for (let number = 0; number < 200; number++)
    await deposit(`dep_${number}`, at('10-07T00:00:00'), 'https://g.example/')
  await deposit('dep_bad', at('10-07T00:00:00'), null)
  await deposit('dep_other', at('09-30T23:59:59'), null)
  const event = (id: string, received: Date, processed: Date | null) => db.admin`
    insert into cashier.gateway_events (gateway, id, type, reference, digest, received_at, processed_at)
    values ('g', ${id}, 't', 'r', ${Buffer.from('d')}, ${received}, ${processed})`
  await event('quick', at('10-08T00:00:00'), at('10-08T00:00:05'))
  await event('late', at('10-08T00:00:00'), at('10-08T00:00:09'))
  await event('never', at('10-08T00:00:00'), null)
})
afterAll(() => db.stop())

test('a month with outages: what was away counts once, is cut at the turn of the month, and is judged by its promise', async () => {
  const report = await sloReport(db.sql, '2026-10', at('11-28T00:00:00'))
  const bySlo = Object.fromEntries(report.promises.map((each) => [each.slo, each]))
  const month = 31 * 86_400_000
  const minute = 60_000
  expect(bySlo.availability).toMatchObject({ all: month, good: month - (90 + 15 + 10) * minute, met: false })
  expect(bySlo.availability!.words).toContain('1 starts without a stop')
  expect(report.downtime.outages.map(({ component, refused }) => [component, refused])).toEqual([
    ['database', 40],
    ['database', 2],
    ['keys', 1],
  ])
  expect(report.downtime.stops).toEqual([
    { from: at('10-10T10:05:00').getTime(), until: at('10-10T10:15:00').getTime() },
  ])
  expect(bySlo.deposits).toMatchObject({ good: 200, all: 201, met: true })
  expect(bySlo.settlement).toMatchObject({ good: 1, all: 3, met: false })
  expect(bySlo['bet-latency']).toMatchObject({ good: null, words: expect.stringContaining('Prometheus') })
  expect(bySlo['bet-latency']).not.toHaveProperty('met')
  expect(report.complete).toBe(true)
  const page = sloPage(report)
  expect(page).toMatch(/BROKEN +availability +99\.742 % of 99\.9 %/)
  expect(page).toMatch(/kept +deposits/)
  expect(page).toMatch(/unknown +bet-latency/)
  expect(page).toContain('no core ran')
})

test('a month that is not over is judged as far as it has come, one without anything not at all', async () => {
  const november = await sloReport(db.sql, '2026-11', at('11-02T00:00:00'))
  expect(november).toMatchObject({ complete: false, until: '2026-11-02T00:00:00.000Z' })
  expect(november.promises[0]).toMatchObject({ all: 86_400_000, good: 86_400_000 - 15 * 60_000, met: false })
  const july = await sloReport(db.sql, '2026-07', at('11-28T00:00:00'))
  for (const promise of july.promises) expect(promise).not.toHaveProperty('met')
  await expect(sloReport(db.sql, '2026-13', new Date())).rejects.toThrow(RangeError)
})

test('the one screen: broken by the month, at risk by the last hour, and unknown where nobody knows', async () => {
  const october = await sloReport(db.sql, '2026-10', at('11-28T00:00:00'))
  const hour = (slo: string, events: number, bad: number) => ({
    ...{ slo, promise: slo, target: 0.99, events, bad, burn: events === 0 ? null : bad / events / 0.01 },
  })
  const seen = [hour('availability', 100, 0), hour('bet-latency', 1000, 20), hour('deposits', 0, 0)]
  const words = wordsOfPromises('2026-10', promisesNow(october, seen))
  expect(words).toMatch(/availability +BROKEN +99\.9 % promised; 2026-10 99\.742 %, last hour 100 %/)
  expect(words).toMatch(/bet-latency +AT RISK +99 % promised; 2026-10 unknown, last hour 98 %/)
  expect(words).toMatch(/deposits +kept +99\.5 % promised; 2026-10 99\.502 %, last hour nothing happened/)
  expect(words).toMatch(/settlement +BROKEN .*last hour unknown\n +→ .*report slo; ops\/runbooks\/objectives\.md/)
  const nobody = wordsOfPromises('2026-10', promisesNow(undefined, undefined))
  expect(nobody.match(/unknown +\S+ % promised; 2026-10 unknown, last hour unknown/g)).toHaveLength(4)
  expect(nobody).not.toContain('→')
})

test('a month that is none is refused, and where nothing runs nobody is asked', async () => {
  const home = newHome()
  try {
    const none = await countroom(home, ['report', 'slo', '--month', '2026-13'])
    expect(none).toMatchObject({ code: 1, out: expect.stringContaining('It is a month, as 2026-11.') })
    expect(await countroom(home, ['report', 'slo', '--json'])).toMatchObject({ code: 3 })
  } finally {
    rmSync(home, { recursive: true })
  }
})
