import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { register } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import type { Host } from '../../../core/host/host.ts'
import { proveLedger, proveWholeLedger } from '../../../core/host/jobs/ledger.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

/** What an operator is told when the books contradict themselves, from the worker's jobs. */
const root = join(import.meta.dirname, '../../..')
let db: TestDatabase
let host: Host
let minutes = 0
const complaints: string[] = []

beforeAll(async () => {
  db = await openTestDatabase()
  const log = { error: (_detail: object, words: string) => complaints.push(words) }
  host = { sql: db.sql, log, now: () => new Date(Date.now() + minutes * 60_000) } as unknown as Host
  for (const player of ['plr_a', 'plr_b']) {
    const { wallet } = await act((tx) =>
      ledger.openWallet(tx, systemCommand('test', ago(60)), { player, currency: 'EUR' }),
    )
    await fund(wallet, 60)
  }
})
afterAll(() => db.stop())

const act = <T>(work: (tx: Parameters<typeof ledger.transfer>[0]) => Promise<T>) => db.sql.begin(work) as Promise<T>
const ago = (before: number) => new Date(Date.now() - before * 60_000)
const fund = (wallet: bigint, before: number) =>
  act((tx) =>
    ledger.transfer(tx, systemCommand('test', ago(before)), {
      wallet,
      key: `fund ${before}`,
      kind: 'deposit',
      legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount: 100n }],
    }),
  )
const run = async (job: typeof proveLedger) => {
  minutes++
  await job.run(host, {})
}
const metric = async (name: string) =>
  Number((await register.metrics()).match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1])
const news = async () => (await audit.search(db.sql, { code: 'ledger.proof_failed', limit: 10 })).length

test('sound books: the metric says 1 and when, and nobody is told anything', async () => {
  expect(await metric('countroom_ledger_proof_sound')).toBeNaN() // nothing is claimed before the first proof
  await run(proveLedger)
  expect(await metric('countroom_ledger_proof_sound')).toBe(1)
  expect(await metric('countroom_ledger_proof_timestamp_seconds')).toBeCloseTo(host.now().getTime() / 1000, -1)
  expect(complaints).toEqual([])
  expect(await ledger.lastProof(db.sql)).toMatchObject({ ok: true, firstBad: null })
})

test('a row spoilt long after it was proven is found by the nightly proof; log, metric and one significant event say so until it is mended', async () => {
  await db.admin`update ledger.wallets set cash = cash + 1 where player = 'plr_a'`
  await run(proveLedger)
  expect(await metric('countroom_ledger_proof_sound')).toBe(1) // the new is sound, and that is all it looked at
  await run(proveWholeLedger)
  expect(await metric('countroom_ledger_proof_sound')).toBe(0)
  expect(complaints).toEqual(['the books contradict themselves'])
  expect(await ledger.lastProof(db.sql)).toMatchObject({
    ok: false,
    firstBad: expect.stringMatching(/EUR is off by 1/),
  })
  await run(proveLedger) // goes on from the beginning now, and finds it again
  expect(await metric('countroom_ledger_proof_sound')).toBe(0)
  expect(await news()).toBe(1)

  await db.admin`update ledger.wallets set cash = cash - 1 where player = 'plr_a'`
  await run(proveLedger)
  expect(await metric('countroom_ledger_proof_sound')).toBe(1)
})

test('a proof of the new that ends after a failed whole one does not clear it', async () => {
  const failed = { ok: false, checks: [{ name: 'x', ok: false, firstBad: 'wallet 1' }] }
  const at = host.now().getTime()
  await act((tx) => ledger.keepProof(tx, failed, new Date(at + 1000), ledger.beginning))
  await act((tx) => ledger.keepProof(tx, { ok: true, checks: [] }, new Date(at + 2000), new Date(at - 600_000)))
  expect(await ledger.lastProof(db.sql)).toMatchObject({ ok: false, firstBad: 'x: wallet 1' })
  expect(ledger.unprovenSince(await ledger.lastProof(db.sql))).toEqual(ledger.beginning)
  await act((tx) => ledger.keepProof(tx, { ok: true, checks: [] }, new Date(at + 3000), ledger.beginning))
  expect(await ledger.lastProof(db.sql)).toMatchObject({ ok: true, firstBad: null })
})

test('where the database does not answer, no metric claims the books are sound', async () => {
  expect(await metric('countroom_ledger_proof_sound')).toBe(1)
  await db.admin`alter table ledger.proofs rename to proofs_away`
  expect(await metric('countroom_ledger_proof_sound')).toBeNaN()
  await db.admin`alter table ledger.proofs_away rename to proofs`
  expect(await metric('countroom_ledger_proof_sound')).toBe(1)
})

test('the alert rules ask for metrics there are, and their runbook and its commands exist', async () => {
  const rules = readFileSync(join(root, 'ops/monitoring/alerts/ledger.yml'), 'utf8')
  const asked = new Set(rules.match(/countroom_\w+/g))
  expect(asked.size).toBe(2)
  for (const name of asked) expect(register.getSingleMetric(name), name).toBeDefined()
  for (const expression of ['== 0', '> 300', 'absent(']) expect(rules).toContain(expression)
  const [page, anchors] = [
    readFileSync(join(root, 'ops/runbooks/books-contradict.md'), 'utf8'),
    rules.match(/runbook: \S+/g),
  ]
  expect(anchors).toHaveLength(3)
  for (const anchor of anchors ?? []) {
    const [file, heading] = anchor.replace('runbook: ', '').split('#')
    expect(file).toBe('ops/runbooks/books-contradict.md')
    if (heading) expect(page.toLowerCase()).toContain(`## ${heading.replaceAll('-', ' ')}`)
  }
  for (const [, table] of page.matchAll(/\b((?:ledger|games)\.\w+)\b(?!_)/g))
    if (table !== 'ledger.proof_failed')
      expect((await db.admin`select to_regclass(${table!}) as there`)[0]?.there, table).not.toBeNull()
})
