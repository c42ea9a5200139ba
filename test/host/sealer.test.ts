import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { register } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { sealOnce, startSealer } from '../../core/host/sealer.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'
import { startTestKeys, type TestKeys } from '../support/keys.ts'

let db: TestDatabase
let agent: TestKeys
let worker: ReturnType<TestKeys['as']>
const complaints: string[] = []
const sealMs = 1000
beforeAll(async () => {
  ;[db, agent] = await Promise.all([openTestDatabase(), startTestKeys()])
  worker = agent.as('work')
})
afterAll(async () => {
  await db.stop()
  await agent.stop()
})

const host = () =>
  ({
    sql: db.work,
    keys: worker,
    log: { error: (_detail: object, words: string) => complaints.push(words) },
    now: () => new Date(),
    config: { audit: { sealMs, witnesses: [] } },
  }) as never
const open = () => startSealer(host())
const write = () =>
  db.sql.begin((tx) =>
    audit.record(tx, systemCommand('test'), { action: 'players.viewed_in_full', subject: 'x', reason: 'test' }),
  )
const sizeNow = async () => (await audit.keptCheckpoint(db.sql))?.size ?? 0

test('what is new is under a signed checkpoint within the pause and a little; two workers seal as one [S52]', async () => {
  const sealers = [open(), open()]
  const waited: number[] = []
  for (let n = 1; n <= 5; n++) {
    await write()
    const from = performance.now()
    await until(async () => (await sizeNow()) === n)
    waited.push(performance.now() - from)
    await new Promise((resolve) => setTimeout(resolve, 130 * n)) // at another moment of the pause each time
  }
  await Promise.all(sealers.map((sealer) => sealer.stop()))
  console.info(`unprotected for ${waited.map((ms) => `${Math.round(ms)} ms`).join(', ')}`)
  expect(Math.max(...waited)).toBeLessThan(sealMs + 1500)
  expect((await audit.verifyLog(db.sql, { keys: await ownKeys() })).ok).toBe(true)
})

test('a log names itself when it begins, and keeps its name', async () => {
  const { origin } = (await audit.keptCheckpoint(db.sql))!
  expect(origin).toMatch(/^countroom\/[0-9a-f]{8}$/)
  const origins = await db.sql`select distinct split_part(note, ${'\n'}, 1) as origin from audit.checkpoints`
  expect(origins).toEqual([{ origin }])
})

test('after a change of the signing key old and new checkpoints verify, each key’s at the sizes of its time [S51]', async () => {
  const ops = agent.as('ops')
  const next = await ops.create('sk-audit')
  await ops.activate(next.key)
  const before = await sizeNow()
  const sealer = open()
  await write()
  await until(async () => (await sizeNow()) > before)
  await sealer.stop()
  expect(await audit.logKeys(db.sql)).toHaveLength(2)
  const [old, young] = await ownKeys()
  expect(young!.since).toBe(before + 1)
  expect(await audit.verifyLog(db.sql, { keys: [old!, young!] })).toMatchObject({ ok: true })
  const late = { ok: false, firstBad: expect.stringContaining('its key does not count at this size') }
  expect(await audit.verifyLog(db.sql, { keys: [old!, { ...young!, since: before }] })).toMatchObject(late)
  expect(await audit.verifyLog(db.sql, { keys: [old!, { ...young!, since: before + 2 }] })).toMatchObject(late)
})

test('a sealing that is cut off at any moment leaves the log as it was, and what it was about is sealed later', async () => {
  const sealers = [open(), open()]
  let cut = 0
  for (let n = 0; n < 60; n++) {
    await write()
    const ended = await db.admin`
      select pg_terminate_backend(l.pid) from pg_locks l where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())`
    cut += ended.length
    await new Promise((resolve) => setTimeout(resolve, 3))
    if (n === 30) await Promise.all(sealers.splice(0).map((sealer) => sealer.stop()))
    if (n >= 30) await sealOnce(host()).catch(() => {})
  }
  // The same again without waiting for the pause: one that is cut at each step of its transaction.
  for (let ms = 0; ms < 24; ms++) {
    await write()
    const sealing = sealOnce(host()).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, ms))
    cut += (
      await db.admin`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename = 'countroom_work' and xact_start is not null`
    ).length
    await sealing
    expect((await audit.verifyLog(db.sql, { keys: await ownKeys() })).firstBad).toBeUndefined()
  }
  expect(cut).toBeGreaterThan(3)
  while (await sealOnce(host()));
  const [row] = await db.sql`
    select (select count(*) from audit.events)::int as events, (select count(*) from audit.leaves)::int as leaves`
  expect(row?.leaves).toBe(row?.events)
})

test('a log that is not what was signed: said once, an event, a metric, an alert with a runbook; nothing more is signed [S51]', async () => {
  complaints.length = 0
  const size = await sizeNow()
  await db.admin`create table kept as select * from audit.tiles`
  await db.admin`update audit.tiles set hashes = sha256(hashes)`
  const sealer = open()
  await write()
  await until(async () => complaints.length > 0)
  await new Promise((resolve) => setTimeout(resolve, 1.5 * sealMs))
  expect(complaints).toEqual(['the log is not what was signed'])
  expect(await sizeNow()).toBe(size)
  const told = await db.sql`select entry from audit.events where code = 'audit.proof_failed'`
  expect(told).toHaveLength(1)
  expect(await metric('countroom_audit_log_broken')).toBe(1)
  expect(await metric('countroom_audit_unsealed_age_seconds')).toBeGreaterThan(0.5)

  await db.admin`update audit.tiles t set hashes = k.hashes from kept k where k.level = t.level and k.index = t.index`
  await until(async () => (await sizeNow()) > size)
  await sealer.stop()
  expect(await metric('countroom_audit_log_broken')).toBe(0)

  const rules = readFileSync(join(import.meta.dirname, '../../ops/monitoring/alerts/audit.yml'), 'utf8')
  for (const name of ['countroom_audit_log_broken', 'countroom_audit_unsealed_age_seconds'])
    expect(rules).toContain(name)
  const runbook = readFileSync(join(import.meta.dirname, '../../ops/runbooks/audit-log.md'), 'utf8')
  for (const [, anchor] of rules.matchAll(/runbook: ops\/runbooks\/audit-log\.md#(\S+)/g))
    expect(runbook.toLowerCase().replaceAll(' ', '-')).toContain(`##-${anchor}`)
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 10)))
    if (Date.now() > end) throw new Error('waited too long')
}

async function ownKeys(): Promise<audit.NoteKey[]> {
  return audit.ownKeys(agent.keys, (await audit.keptCheckpoint(db.sql))!.origin)
}

async function metric(name: string): Promise<number | undefined> {
  return (await register.getSingleMetric(name)?.get())?.values[0]?.value
}
