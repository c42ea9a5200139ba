import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Refusal, systemCommand } from '#base'
import * as ledger from '#ledger'
import { type Continuity, openContinuity } from '../../core/host/continuity.ts'
import { openDatabase, type Sql } from '../../core/host/database.ts'
import { transact } from '../../core/host/host.ts'
import { createLog } from '../../core/host/log.ts'
import { openLane } from '../../core/host/play.ts'
import { openBooks } from '../bench/ledger/books.ts'
import { until } from '../support/client.ts'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { proves } from './judge.ts'

/** What is below us loses commits that were answered, on purpose: the data directory is put back to an earlier one. */
let cluster: Cluster
let admin: Sql
const home = mkdtempSync(join(tmpdir(), 'cr-seen-'))
const running: Core[] = []
beforeAll(async () => {
  cluster = await startCluster()
  await (await openBooks(cluster, 'books', 4)).end()
  admin = openDatabase({ ...cluster, database: 'books', user: 'postgres', password: '', poolMax: 1 })
})
afterAll(async () => {
  await Promise.all(running.map((core) => core.close()))
  await admin?.end({ timeout: 1 })
  await cluster?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('a server that comes back with everything is believed, after one look', async () => {
  const core = await openCore('core-1')
  await core.bet('first')
  await core.pay('first')
  await cluster.kill()
  const during = core.bet('while it is away').catch((error: unknown) => error)
  await cluster.restart()
  expect([undefined, 'base.outcome_unknown', 'CONNECTION']).toContain(codeOf(await during))
  await until('bets again', async () => (await core.bet('after').catch(() => undefined)) && true)
  expect((await freezes()).length).toBe(0)
})

test('commits that were answered and are gone stop all money before another is booked, at every core, and the evidence is kept [S47]', async () => {
  const core = running[0]!
  const other = await openCore('core-2')
  await seen(core, await core.bet('kept'))
  const early = await replaced(async () => {
    await core.bet('lost') // in the newer directory alone
    await seen(other, await other.pay('lost too'))
  })
  for (const answer of early) expect(['ledger.frozen', 'base.outcome_unknown', 'CONNECTION']).toContain(codeOf(answer))
  expect(await admin`select key from ledger.transfers where key like '% at once %'`).toEqual([])
  await until('the freeze', async () => ((await freezes()).length === 1 ? true : undefined))
  const before = await counts()
  for (const each of [core, other])
    for (const act of [each.bet('refused'), each.pay('refused')])
      expect(codeOf(await act.catch((error: unknown) => error))).toBe('ledger.frozen')
  expect(await counts()).toEqual(before)
  const [freeze] = await freezes()
  const { breaks, server } = freeze!.evidence as { breaks: unknown[]; server: object }
  expect(breaks.length).toBeGreaterThan(0)
  expect(server).toMatchObject({ timeline: expect.stringMatching(/^[0-9A-F]{8}$/) })
  const found = (await freezes())[0]!.found_by
  expect(readdirSync(join(home, 'continuity', found)).some((file) => file.startsWith('evidence-'))).toBe(true)
  const [event] = await admin`select 1 from audit.events where code = 'ledger.frozen'`
  expect(event, 'a significant event').toBeDefined()
  await proves(admin) // sound in themselves: nothing else would have noticed
})

test('nobody lifts it by starting again; who answers for the books as they are does, once', async () => {
  for (const core of running.splice(0)) await core.close()
  const core = await openCore('core-1')
  expect(core.held(), 'it serves what is not money').toBe(true)
  expect(codeOf(await core.bet('again').catch((error: unknown) => error))).toBe('ledger.frozen')
  const answer = { at: new Date(), by: 'ada', reason: 'restored on purpose' }
  expect(await admin.begin((tx) => ledger.lift(tx, answer))).toBe(true)
  expect(await admin.begin((tx) => ledger.lift(tx, answer))).toBe(false)
  await until('bets again', async () => (await core.bet('lifted').catch(() => undefined)) && true)
  await core.pay('lifted')
  await seen(core, await core.bet('and seen'))
  expect((await freezes()).length).toBe(1)
})

test('a batch that reads otherwise than it was seen is found as well', async () => {
  const core = running[0]!
  await seen(core, await core.bet('rewritten'))
  await admin`update ledger.lanes set digest = '\\x00' where batch > 0`
  await until('the freeze', async () => ((await freezes()).length === 2 ? true : undefined))
  expect(codeOf(await core.bet('refused').catch((error: unknown) => error))).toBe('ledger.frozen')
})

test('a sight of the books that cannot be read lets nothing begin', async () => {
  for (const core of running.splice(0)) await core.close()
  const file = join(home, 'continuity/core-1/heads.json')
  expect(existsSync(file)).toBe(true)
  renameSync(file, `${file}.away`)
  cpSync('package.json', file)
  await expect(openCore('core-1')).rejects.toThrow()
  rmSync(file)
})

type Core = {
  name: string
  held(): boolean
  bet(key: string): Promise<ledger.PostResult>
  pay(key: string): Promise<ledger.Booked>
  close(): Promise<void>
}

/** What of a core books: a lane, transfers in transactions, and the guard over both. */
async function openCore(name: string): Promise<Core> {
  const log = createLog(name, 'silent')
  const hearers: Array<() => void> = []
  const database = {
    ...{ host: cluster.host, port: cluster.port, database: 'books', user: 'countroom_app', password: '' },
    lost: () => {
      for (const hear of hearers) hear()
    },
  }
  const sql = openDatabase({ ...database, poolMax: 4, name })
  const config = { name, home, lanes: { count: 1, batchMax: 16, queueMax: 100, deadlineMs: 5000 } }
  const whenLost = (hear: () => void) => void hearers.push(hear)
  const continuity: Continuity = await openContinuity({ database, log, now: () => new Date(), whenLost, config })
  const lane = await openLane<ledger.Transfer, ledger.PostResult>(
    { config, database, sql, log, continuity },
    async (connection, lease, items) => {
      const results = await ledger.postBatch(connection, lease, new Date(), items)
      const { wallet, key } = items.at(-1)!
      continuity.answered(lease.lane, { wallet, key, transfer: results.at(-1)!.transfer })
      return results
    },
  )
  let number = 0
  const order = (key: string): ledger.Transfer => ({
    wallet: 1n,
    key: `${name} ${key} ${++number}`,
    kind: 'round',
    legs: [{ from: { pocket: 'cash' }, to: { house: 'games.revenue' }, amount: 1n }],
  })
  const core: Core = {
    name,
    held: lane.held,
    bet: (key: string) => lane.lane.submit(1n, order(key)),
    pay: (key: string) =>
      transact({ sql, continuity }, (tx) => ledger.transfer(tx, systemCommand(name, new Date()), order(key))),
    async close() {
      await lane.close()
      await continuity.close()
      await sql.end({ timeout: 1 })
    },
  }
  running.push(core)
  return core
}

/** Until the core has written down that it saw what was booked. */
async function seen({ name }: Core, { transfer }: { transfer: bigint }): Promise<void> {
  const [row] = await admin<Array<{ lane: number; batch: bigint }>>`
    select lane, batch from ledger.transfers where transfer = ${transfer}`
  const file = join(home, 'continuity', name, 'heads.json')
  await until('it to be written down', async () => {
    const { heads } = JSON.parse(readFileSync(file, 'utf8')) as { heads: Array<{ lane: number; batch: string }> }
    return heads.some(({ lane, batch }) => lane === row!.lane && BigInt(batch) >= row!.batch) || undefined
  })
}

/** The server as it was before the work, in place of what it is after it. Answers what became of what was asked meanwhile. */
async function replaced(work: () => Promise<void>): Promise<unknown[]> {
  const [data, earlier] = ['data', 'earlier'].map((part) => join(cluster.host, part)) as [string, string]
  await cluster.kill()
  execFileSync('cp', ['-a', data, earlier])
  await cluster.restart()
  for (const core of running)
    await until('bets again', async () => (await core.bet('between').catch(() => undefined)) && true)
  await work()
  await cluster.kill()
  rmSync(data, { recursive: true })
  renameSync(earlier, data)
  // They wait for it to come back: none may be the first to book.
  const early = running.flatMap((core) => [core.bet('at once'), core.pay('at once')])
  const answers = Promise.all(early.map((each) => each.catch((error: unknown) => error)))
  await cluster.restart()
  return answers
}

const freezes = () =>
  admin<Array<{ found_by: string; evidence: object }>>`select found_by, evidence from ledger.freezes`
const counts = () => admin`select count(*)::int as transfers, max(transfer) as newest from ledger.transfers`
/** A refusal's code, or that the database was away. */
const codeOf = (error: unknown) =>
  error instanceof Refusal ? error.code : error instanceof Error ? 'CONNECTION' : undefined
