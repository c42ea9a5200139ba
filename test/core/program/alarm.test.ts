import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { register } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCommand, type Tx } from '#base'
import * as program from '#program'
import type { Host } from '../../../core/host/host.ts'
import { jobs } from '../../../core/host/jobs/index.ts'
import { observeProgram, refuseUnapproved } from '../../../core/host/program.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'

/** What an operator is told, from the worker's nightly job on this very program. */
const root = join(import.meta.dirname, '../../..')
let db: TestDatabase
let agent: TestKeys
let dir: string
let host: Host
const complaints: string[] = []

beforeAll(async () => {
  ;[db, agent] = await Promise.all([openTestDatabase(), startTestKeys()])
  dir = mkdtempSync(join(tmpdir(), 'cr-program-'))
  host = hostThat('refuse')
})
afterAll(async () => {
  await Promise.all([db.stop(), agent.stop()])
  rmSync(dir, { recursive: true })
})

const hostThat = (onMismatch: program.OnMismatch) =>
  ({
    config: { program: { node: 'node-1', manifest: join(dir, 'manifest'), onMismatch } },
    sql: db.sql,
    keys: agent.as('work'),
    log: { error: (_detail: object, words: string) => complaints.push(words) },
    now: () => new Date(),
  }) as unknown as Host
const nightly = jobs.find(({ queue }) => queue === 'program.inspect')!
const metric = async (name: string) =>
  Number((await register.metrics()).match(new RegExp(`^${name} (\\S+)$`, 'm'))?.[1])

test('[GLI-2.3.2] [GLI-B.2.6a-iii] every night the program is compared with what was approved, and the metric says how it stands', async () => {
  expect(nightly.cron).toMatch(/^\d+ \d+ \* \* \*$/)
  observeProgram(host)
  expect(await metric('countroom_program_approved')).toBeNaN() // nothing is claimed before the first inspection
  const place = { node: 'node-1', repository: root, manifest: join(dir, 'manifest') }
  await db.sql.begin((tx) =>
    program.approve(tx as Tx, { ...systemCommand('test'), keys: agent.as('ops') }, place, {
      version: '1.0.0',
      onMismatch: 'alarm',
      by: 'ada',
      also: [],
    }),
  )
  await program.settle(db.sql, place)
  await nightly.run(host, {})
  expect(await program.lastVerdict(db.sql, 'node-1')).toMatchObject({ ok: true, occasion: 'daily', differences: 0 })
  expect(await metric('countroom_program_approved')).toBe(1)
  expect(await metric('countroom_program_inspection_timestamp_seconds')).toBeCloseTo(Date.now() / 1000, -1)
  expect(complaints).toEqual([])
})

test('[GLI-2.3.2c] a function of the database that is another raises log and metric; a node that refuses starts no core on it [GLI-B.2.6d]', async () => {
  await db.admin`create function base.stranger() returns int language sql as 'select 1'`
  await nightly.run(host, {})
  expect(await metric('countroom_program_approved')).toBe(0)
  expect(complaints).toEqual(['the program is not as approved'])
  await expect(refuseUnapproved(host)).rejects.toThrow(/database: function\/base\.stranger: nobody approved it/)
  await refuseUnapproved(hostThat('alarm'))
  const unknown = hostThat('refuse')
  Object.assign(unknown.config.program, { node: 'node-2' })
  await expect(refuseUnapproved(unknown)).rejects.toThrow(/nobody has inspected it/)
  await db.admin`drop function base.stranger()`
  await nightly.run(host, {})
  expect(await metric('countroom_program_approved')).toBe(1)
  await refuseUnapproved(host)
})

test('where the database does not answer, no metric claims that all is well', async () => {
  await db.admin`alter table program.verdicts rename to away`
  expect(await metric('countroom_program_approved')).toBeNaN()
  await db.admin`alter table program.away rename to verdicts`
})

test('the alert rules ask for metrics there are, and their runbook and its commands exist', async () => {
  const rules = readFileSync(join(root, 'ops/monitoring/alerts/program.yml'), 'utf8')
  const asked = new Set(rules.match(/countroom_program_\w+/g))
  expect(asked.size).toBe(2)
  for (const name of asked) expect(register.getSingleMetric(name), name).toBeDefined()
  for (const expression of ['== 0', '> 90000', 'absent(']) expect(rules).toContain(expression)
  const page = readFileSync(join(root, 'ops/runbooks/program-differs.md'), 'utf8')
  for (const [, heading] of rules.matchAll(/runbook: ops\/runbooks\/program-differs\.md(?:#(\S+))?/g))
    if (heading) expect(page.toLowerCase()).toContain(`## ${heading.replaceAll('-', ' ')}`)
})
