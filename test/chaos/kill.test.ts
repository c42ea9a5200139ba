import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type Sql } from '../../core/host/database.ts'
import { openBooks } from '../bench/ledger/books.ts'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { type Cutter, openCutter } from '../support/cutter.ts'
import { balancesFollow, judge, proves, type Verdict } from './judge.ts'
import { type Fate, openWriters, type Writer } from './writers.ts'

/**
 * Whatever dies under load, the books keep their word. A PostgreSQL that flushes, writers in processes of their own, and
 * between them something that cuts connections. Short here; `COUNTROOM_CHAOS_ROUNDS=20` for the long run.
 */
const rounds = Number(process.env.COUNTROOM_CHAOS_ROUNDS ?? 3)
const wallets = 200
const funded = 1_000_000n // as `openBooks` does; more than is ever staked, so that no bet is refused for want of money

let cluster: Cluster
let cutter: Cutter
let sql: Sql
let admin: Sql
const writers = openWriters()
beforeAll(async () => {
  cluster = await startCluster({ durable: true })
  sql = await openBooks(cluster, 'books', wallets)
  admin = openDatabase({ ...cluster, database: 'books', user: 'postgres', password: '', poolMax: 1 })
  cutter = await openCutter(cluster)
})
afterAll(async () => {
  await writers.stop()
  await cutter?.stop()
  await Promise.all([sql?.end({ timeout: 1 }), admin?.end({ timeout: 1 })])
  await cluster?.stop()
})

type Fault = { name: string; befall(running: Writer[]): Promise<void>; kills?: true }

/** In turn; three rounds see what is asked for most, four see all. */
const faults: readonly Fault[] = [
  {
    name: 'SIGKILL of PostgreSQL',
    async befall() {
      await cluster.kill()
      await pause(randomInt(500))
      await cluster.restart()
    },
  },
  { name: 'SIGKILL of a writer', kills: true, befall: ([first]) => first!.kill() },
  {
    name: 'connections cut before, after and in an answer, backends terminated, lanes taken away',
    async befall() {
      for (const where of ['done', 'asked', 'told', 'done'] as const) {
        await cutter.cut(where)
        await pause(randomInt(200))
      }
      for (let i = 0; i < 4; i++) {
        await admin`
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = 'books' and application_name like ${`w${process.pid}-%`} and random() < 0.5`
        await admin`update ledger.lanes set holder = 'thief', leased_until = clock_timestamp() + interval '5 s' where holder like 'lan_%' and random() < 0.5`
        await pause(randomInt(200))
      }
    },
  },
  {
    name: 'SIGKILL of one backend, which PostgreSQL answers by ending all and recovering',
    async befall() {
      const [victim] = await admin<Array<{ pid: number }>>`
        select pid from pg_stat_activity where application_name like ${`w${process.pid}-%lane`} order by random() limit 1`
      process.kill(victim!.pid, 'SIGKILL')
    },
  },
]

test(`under load, ${rounds} times: what was acknowledged is there once, the rest at most once, and a repeat of every key gives one final answer [CR-04] [S47]`, {
  timeout: 60_000 + rounds * 60_000,
}, async () => {
  const all: Fate[] = []
  const verdicts: Array<Verdict & { fault: string }> = []
  for (let round = 0; round < rounds; round++) {
    const fault = faults[round % faults.length]!
    const since = new Date(Date.now() - 1000)
    const running = [1, 2].map(() =>
      writers.start({
        database: { host: cutter.host, port: cutter.port, database: 'books' },
        lanes: 2,
        callers: 48,
        wallets: Array.from({ length: wallets }, (_, i) => String(i + 1)),
        ways: ['lane', 'lane', 'lane', 'lane', 'lane', 'lane', 'single', 'hold'],
      }),
    )
    await Promise.all(running.map((writer) => writer.proceeds(50)))
    await pause(randomInt(700))
    await fault.befall(running)
    const survivors = fault.kills ? running.slice(1) : running
    await Promise.all(survivors.map((writer) => writer.proceeds(100)))
    await Promise.all(survivors.map((writer) => writer.end()))
    const fates = new Map(running.map((writer) => [writer.name, writer.read()]))
    for (const writer of running) expect(writer.read().filter((fate) => fate.receipt).length).toBeGreaterThan(50)
    verdicts.push({ fault: fault.name, ...(await judge(sql, fates, since)) })
    all.push(...[...fates.values()].flat())
    await balancesFollow(sql, all, funded)
  }
  await proves(sql)
  console.table(verdicts)
  expect(verdicts.reduce((sum, verdict) => sum + verdict.unknown, 0)).toBeGreaterThan(0) // the faults did hit something
  expect(verdicts.reduce((sum, verdict) => sum + verdict.unknownButBooked, 0)).toBeGreaterThan(0)
})
