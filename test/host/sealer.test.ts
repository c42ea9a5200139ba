import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { register } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import { proveAuditLog } from '../../core/host/jobs/audit-log.ts'
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
const stranger = (bundle: string, key: audit.NoteKey) => {
  const verifier = join(import.meta.dirname, '../../ops/verifier/verify-audit-log.mjs')
  const dir = mkdtempSync(join(tmpdir(), 'cr-stranger-'))
  writeFileSync(join(dir, 'bundle.jsonl'), bundle)
  const words = [verifier, 'log', join(dir, 'bundle.jsonl'), '--key', audit.vkeyOf(key), '--json']
  const { stdout } = spawnSync('node', words, { encoding: 'utf8' })
  rmSync(dir, { recursive: true })
  return JSON.parse(stdout)
}
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
  // The log says so itself, in a leaf; and by that word a stranger who has the old key alone follows.
  const [told] = await audit.search(db.sql, { code: 'audit.key_succeeded', limit: 10 })
  const [handover] = await audit.handovers(worker, old!.name)
  expect(told?.detail).toEqual({ key: audit.vkeyOf(young!), since: `${before + 1}`, handover })
  await sealOnce(host())
  expect(await audit.leafOf(db.sql, { ref: told!.id })).toMatchObject({ kind: 'event', index: before + 1 })
  let text = ''
  for await (const piece of audit.bundleLines(db.sql, (await audit.bundleOf(db.sql, { keys: worker }))!)) text += piece
  expect(stranger(text, old!)).toMatchObject({ proven: true, entries: before + 2 })
  expect(stranger(text.replace(/^\{"handover".*\n/m, ''), old!)).toMatchObject({ proven: false })
  expect(audit.follow([old!], [handover!])).toEqual([old, young])
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

const prove = () => proveAuditLog.run(host(), {})
const told = async () =>
  (await audit.search(db.sql, { code: 'audit.proof_failed', limit: 20 })).map(
    ({ actor, subject }) => `${actor.id} ${subject}`,
  )
const proofSound = () => metric('countroom_audit_proof_sound')

test('a log that is not what was signed: an event at once, a metric, an alert with a runbook; nothing more is signed [S51] [GLI-2.8.8g]', async () => {
  await prove()
  expect(await proofSound()).toBe(1)
  complaints.length = 0
  const size = await sizeNow()
  await db.admin`create table kept as select * from audit.tiles`
  await db.admin`update audit.tiles set hashes = sha256(hashes)`
  await write()
  // It cannot be written down at first: it is told as soon as it can.
  await db.admin`alter function audit.append(text, bytea) rename to append_away`
  const sealer = open()
  await until(async () => complaints.length === 2)
  expect(await told()).toEqual([])
  expect(await metric('countroom_audit_log_broken')).toBe(1)
  await db.admin`alter function audit.append_away(text, bytea) rename to append`
  await until(async () => (await told()).length > 0)
  await new Promise((resolve) => setTimeout(resolve, 1.5 * sealMs))
  await sealer.stop()
  // Nor does another worker, or this one after a restart, tell it a second time.
  const next = open()
  await new Promise((resolve) => setTimeout(resolve, 1.5 * sealMs))
  expect(complaints).toEqual([
    'the fault of the log could not be written down; it will be tried again',
    'the log is not what was signed',
    'the log is not what was signed',
  ])
  expect(await told()).toEqual(['audit.sealer log'])
  expect(await sizeNow()).toBe(size)
  expect(await proofSound()).toBe(0)
  expect(await metric('countroom_audit_unsealed_age_seconds')).toBeGreaterThan(0.5)

  await db.admin`update audit.tiles t set hashes = k.hashes from kept k where k.level = t.level and k.index = t.index`
  await until(async () => (await sizeNow()) > size)
  await next.stop()
  expect(await metric('countroom_audit_log_broken')).toBe(0)
  expect(await proofSound()).toBe(0) // it was another for a while: only a proof of the whole says that it is well
  await prove()
  expect(await proofSound()).toBe(1)

  const rules = readFileSync(join(import.meta.dirname, '../../ops/monitoring/alerts/audit.yml'), 'utf8')
  for (const name of ['log_broken', 'unsealed_age_seconds', 'proof_sound'])
    expect(rules).toContain(`countroom_audit_${name}`)
  const runbook = readFileSync(join(import.meta.dirname, '../../ops/runbooks/audit-log.md'), 'utf8')
  for (const [, anchor] of rules.matchAll(/runbook: ops\/runbooks\/audit-log\.md#(\S+)/g))
    expect(runbook.toLowerCase().replaceAll(' ', '-')).toContain(`##-${anchor}`)
})

test('the nightly proof tells what it found, once, and that it is gone; the application’s role says nothing of it [S51] [GLI-2.8.8g]', async () => {
  const before = await told()
  const edit = (text: string) =>
    db.admin`update audit.events set subject = ${text} where id = (select min(id::text)::uuid from audit.events)`
  await edit('another')
  await prove()
  await prove()
  expect(await told()).toEqual(['audit.prove log', ...before])
  expect(await audit.lastVerdict(db.sql)).toMatchObject({
    ok: false,
    firstBad: expect.stringMatching(/^event .* was changed/),
  })
  expect(await proofSound()).toBe(0)
  const clear = (sql: typeof db.sql) =>
    sql.begin((tx) => audit.keepVerdict(tx, { at: new Date(), by: 'core', subject: 'log', firstBad: null }))
  await expect(clear(db.sql)).rejects.toMatchObject({ code: '42501' })
  for (const role of [db.sql, db.work])
    await expect(role`delete from audit.verdicts`).rejects.toMatchObject({ code: '42501' })
  await edit('x')
  await prove()
  expect(await proofSound()).toBe(1)
})

test('an event that is taken out before it is sealed is told at once, whatever becomes of the sealing [S51] [GLI-2.8.8g]', async () => {
  while (await sealOnce(host()));
  const before = await told()
  await write()
  const [gone] = await db.admin`delete from audit.events where id = (select event from audit.unsealed) returning id`
  const refusing = { ...(host() as object), sql: failingAtTheEnd() } as never
  await expect(sealOnce(refusing)).rejects.toThrow('cut off')
  expect(await told()).toEqual([`audit.sealer ${gone!.id}`, ...before])
  expect(await proofSound()).toBe(0)
  while (await sealOnce(host()));
  expect(await told()).toEqual([`audit.sealer ${gone!.id}`, ...before])

  // A person answers for it once; nothing else is explained by that, least of all beforehand, and a core cannot.
  await prove()
  expect(await proofSound()).toBe(0)
  const { index: leaf } = (await audit.leafOf(db.sql, { ref: gone!.id }))!
  const answer = (sql: typeof db.sql, leaves: number[]) =>
    sql.begin((tx) => audit.explainLosses(tx, systemCommand('test'), leaves, 'ada'))
  await expect(answer(db.sql, [leaf])).rejects.toMatchObject({ code: '42501' })
  await answer(db.work, [0, leaf, leaf + 1, leaf + 2])
  expect(await audit.explainedLosses(db.sql)).toEqual([leaf])
  const [event] = await audit.search(db.sql, { code: 'audit.loss_explained', limit: 9 })
  expect(event?.detail).toEqual({ leaves: [String(leaf)], by: 'ada' })
  await prove()
  expect(await proofSound()).toBe(1)
})

/** The worker's connections, but a transaction that answers something ends in a fault. */
function failingAtTheEnd() {
  return Object.assign(Object.create(db.work), {
    begin: (work: (tx: unknown) => Promise<unknown>) =>
      db.work.begin(async (tx) => {
        const answer = await work(tx)
        if (answer !== undefined) throw new Error('cut off')
      }),
  })
}

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
