import { createLane, createLanes, systemCommand } from '#base'
import * as ledger from '#ledger'
import { openDatabase, type Sql } from '../../core/host/database.ts'
import { migrate } from '../../core/host/migrations.ts'
import { memoryBytes } from '../../ops/appliance/processes.ts'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { type Benchmark, type Figure, keepBusy, median, percentile } from './benchmark.ts'
import { machine } from './machine.ts'

const wallets = 100_000
const rounds = 3

/**
 * Lanes against the same work in one transaction each, with one hot house account, interleaved in one run on one
 * cluster; every acknowledged transfer is on disk.
 */
const benchmark: Benchmark = {
  name: 'ledger',
  summary: 'transfers/s through lanes, against one transaction each',
  seconds: 5,
  async run({ seconds, say }) {
    const cluster = await startCluster({ durable: true })
    try {
      return await measure(cluster, seconds, say)
    } finally {
      await cluster.stop()
    }
  },
}
export default benchmark

async function measure(cluster: Cluster, seconds: number, say: (line: string) => void) {
  const sql = await prepare(cluster)
  const contestants = [
    { name: 'lanes', at: [256, 1024], open: openLanes },
    { name: 'one transaction each', at: [1, 4, 16, 64], open: openSingles },
  ]
  const results = new Map<string, Array<{ perSecond: number; p50: number; p99: number; walBytes: number }>>()
  for (let round = 0; round < rounds; round++)
    for (const contestant of contestants)
      for (const callers of contestant.at) {
        const { call, close } = await contestant.open(cluster, sql)
        const walBefore = await walPosition(sql)
        const { perSecond, latencies } = await keepBusy(callers, seconds, call)
        const walBytes = ((await walPosition(sql)) - walBefore) / latencies.length
        await close()
        const label = `${contestant.name}, ${callers} callers`
        say(`${label}: ${Math.round(perSecond)}/s`)
        const result = { perSecond, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), walBytes }
        results.set(label, [...(results.get(label) ?? []), result])
      }
  const memory = memoryOf(cluster)
  const proof = await ledger.prove(sql)
  await sql.end()
  if (!proof.ok)
    throw new Error(
      `The books do not prove after the run: ${JSON.stringify(proof.checks.filter((check) => !check.ok))}`,
    )

  const figures: Figure[] = [...results].flatMap(([label, runs]) => [
    {
      name: label,
      value: median(runs.map((run) => run.perSecond)),
      unit: 'transfers/s',
      ...(label === 'lanes, 256 callers' ? { bar: '>=12000' as const } : {}),
    },
    { name: `${label}, p50`, value: median(runs.map((run) => run.p50)), unit: 'ms' },
    { name: `${label}, p99`, value: median(runs.map((run) => run.p99)), unit: 'ms' },
    { name: `${label}, log`, value: median(runs.map((run) => run.walBytes)), unit: 'bytes each' },
  ])
  const best = (name: string) =>
    Math.max(...figures.filter((f) => f.unit === 'transfers/s' && f.name.startsWith(name)).map((f) => f.value))
  figures.unshift({
    name: 'lanes over one transaction each',
    value: best('lanes') / best('one'),
    unit: 'times',
    bar: '>=15',
  })
  figures.push(...memory)
  return { conditions: { ...machine(cluster.host), wallets: wallets.toLocaleString('en') }, figures }
}

async function prepare(cluster: Cluster): Promise<Sql> {
  const admin = openDatabase({ ...cluster, database: 'postgres', user: 'postgres', password: '', poolMax: 1 })
  await admin`create database bench owner countroom_owner`
  await admin.end()
  const owner = openDatabase({ ...cluster, database: 'bench', user: 'countroom_owner', password: '', poolMax: 1 })
  await migrate(owner)
  await owner.end()
  const sql = openDatabase({ ...cluster, database: 'bench', user: 'countroom_app', password: '', poolMax: 32 })
  await sql`
    insert into ledger.wallets (player, currency, opened_at) select 'plr_' || n, 'EUR', now() from generate_series(1, ${wallets}::int) n`
  const lease = (await ledger.leaseLane(sql, 'funding'))!
  for (let first = 1; first <= wallets; first += 5000)
    await ledger.postBatch(
      sql,
      lease,
      new Date(),
      Array.from({ length: 5000 }, (_, i) => ({
        wallet: BigInt(first + i),
        key: 'fund',
        kind: 'deposit',
        legs: [{ from: { house: 'gateway.clearing' as const }, to: { pocket: 'cash' as const }, amount: 1_000_000n }],
      })),
    )
  await ledger.returnLease(sql, lease)
  await sql`vacuum analyze ledger.wallets`.catch(() => {})
  await sql`analyze ledger.transfers`.catch(() => {})
  return sql
}

let serial = 0
const someone = () => BigInt(1 + Math.floor(Math.random() * wallets))
const stake = (wallet: bigint): ledger.Transfer => ({
  wallet,
  key: `bench:${++serial}`,
  kind: 'round',
  legs: [{ from: { pocket: 'cash' }, to: { house: 'games.revenue' }, amount: 10n }],
})

async function openLanes(cluster: Cluster, sql: Sql) {
  const connections: Sql[] = []
  const lanes = []
  for (let i = 0; i < 2; i++) {
    const connection = openDatabase({ ...cluster, database: 'bench', user: 'countroom_app', password: '', poolMax: 1 })
    connections.push(connection)
    const lease = (await ledger.leaseLane(sql, `bench-${i}-${++serial}`))!
    const lane = createLane<ledger.Transfer, ledger.PostResult>({
      run: (items) => ledger.postBatch(connection, lease, new Date(), items),
      batchMax: 128,
      queueMax: 8192,
      deadlineMs: 30_000,
      isRetryable: () => false,
      isUnknown: () => false,
    })
    lanes.push(lane)
  }
  const all = createLanes(lanes)
  return {
    async call() {
      const order = stake(someone())
      const { code } = await all.submit(order.wallet, order)
      if (code !== 'posted') throw new Error(`not posted: ${code}`)
    },
    async close() {
      await all.close()
      await Promise.all(connections.map((connection) => connection.end()))
    },
  }
}

/** The same SQL, the same house account, one item and one commit per call: what a ledger without lanes does. */
async function openSingles(cluster: Cluster, sql: Sql) {
  const connection = openDatabase({ ...cluster, database: 'bench', user: 'countroom_app', password: '', poolMax: 32 })
  const lease = (await ledger.leaseLane(sql, `bench-single-${++serial}`))!
  return {
    async call() {
      const [result] = await ledger.postBatch(connection, lease, systemCommand('bench').now, [stake(someone())])
      if (result?.code !== 'posted') throw new Error(`not posted: ${result?.code}`)
    },
    close: () => connection.end(),
  }
}

async function walPosition(sql: Sql): Promise<number> {
  const [row] = await sql<Array<{ bytes: string }>>`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as bytes`
  return Number(row?.bytes)
}

function memoryOf(cluster: Cluster): Figure[] {
  return [
    { name: 'memory, client under load', value: process.memoryUsage().rss / 2 ** 20, unit: 'MiB' },
    { name: 'memory, PostgreSQL under load', value: memoryBytes(cluster.pid) / 2 ** 20, unit: 'MiB' },
  ]
}
