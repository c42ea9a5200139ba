import { totalmem } from 'node:os'
import * as ledger from '#ledger'
import type { Sql } from '../../core/host/database.ts'
import { memoryBytes } from '../../ops/appliance/processes.ts'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { startStandby } from '../support/standby.ts'
import { type Benchmark, type Figure, keepBusy, keepPace, median, percentile, type RunOptions } from './benchmark.ts'
import { reserveHugePages, standsOnHugePages } from './huge-pages.ts'
import { fillPast, hotShare, openBooks, runInLog, settingsOf, sizeOf, wallets, walPosition } from './ledger/books.ts'
import {
  type Contestant,
  openLanes,
  openPgledger,
  openRowLocks,
  openSingles,
  openSpread,
  openTbPerf,
} from './ledger/contestants.ts'
import { machine } from './machine.ts'

const rounds = 3
const callers = 256
const lanesDefault = 2
const warmUpSeconds = 0.5
/** A quarter of the memory, as a machine that is PostgreSQL's is set up; 8 GB at most. */
const sharedBuffersMegabytes = Math.min(8192, Math.floor(totalmem() / 4 / 2 ** 20))

/**
 * Transfers from players to one house account, every acknowledged one on disk: lanes beside the same schema without them,
 * beside the function most would write, and beside other ledgers; interleaved in one run on one cluster.
 */
const benchmark: Benchmark = {
  name: 'ledger',
  summary: 'transfers/s through lanes, beside one transaction each, row locks and other ledgers',
  seconds: 4,
  async run(options) {
    const giveBack = reserveHugePages(sharedBuffersMegabytes * 1.1)
    try {
      const cluster = await startCluster({ durable: true, sharedBuffersMegabytes })
      try {
        return await measure(cluster, options)
      } finally {
        await cluster.stop()
      }
    } finally {
      giveBack()
    }
  },
}
export default benchmark

type Run = { perSecond: number; p50: number; p99: number }
type Entry = { name: string; callers: number; open(): Promise<Contestant> }

async function measure(cluster: Cluster, options: RunOptions) {
  const { seconds, say, rivals } = options
  const sql = await openBooks(cluster, 'bench')
  const rowLocks = await openRowLocks(cluster)
  const pgledger = rivals.pgledger ? await openPgledger(cluster, rivals.pgledger) : undefined
  const tbPerf = rivals.tbperf ? await openTbPerf(cluster, rivals.tbperf) : undefined
  const kept = (contestant: Contestant) => async () => ({ ...contestant, close: async () => {} })
  const entries: Entry[] = [
    ...[1, 2, 4].map((count) => ({ name: laneName(count), callers, open: () => openLanes(cluster, 'bench', count) })),
    ...[1, 4, 16, 64].map((at) => ({
      name: 'one transaction each',
      callers: at,
      open: () => openSingles(cluster, 'bench'),
    })),
    ...[16, 64].map((at) => ({
      name: 'one transaction each over sixteen houses',
      callers: at,
      open: () => openSpread(cluster, 'bench'),
    })),
    ...[1, 4, 16, 64].map((at) => ({ name: 'row locks', callers: at, open: kept(rowLocks) })),
    ...(pgledger ? [{ name: 'pgledger', callers: 32, open: kept(pgledger) }] : []),
    ...(tbPerf ? [{ name: 'tb-perf batches of 100', callers: 1, open: kept(tbPerf) }] : []),
  ]
  const results = new Map<string, Run[]>()
  let walBytes = 0
  let tableBytes = 0
  await runInLog(cluster)
  await run({ name: 'warm-up', callers, open: () => openLanes(cluster, 'bench', lanesDefault) }, Math.min(3, seconds))
  for (let round = 0; round < rounds; round++)
    for (const entry of entries) {
      const isDefault = entry.name === laneName(lanesDefault)
      const before = isDefault ? { ...(await sizeOf(sql)), wal: await walPosition(sql) } : undefined
      const found = await run(entry, seconds)
      say(`${entry.name}, ${entry.callers} callers: ${Math.round(found.perSecond)}/s`)
      const label = `${entry.name}, ${entry.callers} callers`
      results.set(label, [...(results.get(label) ?? []), found])
      if (before) {
        const after = await sizeOf(sql)
        walBytes = ((await walPosition(sql)) - before.wal) / (after.transfers - before.transfers)
        tableBytes = (after.bytes - before.bytes) / (after.transfers - before.transfers)
      }
    }
  const value = (label: string, pick: (run: Run) => number = (run) => run.perSecond) =>
    median((results.get(label) ?? []).map(pick))
  const best = (name: string) =>
    Math.max(...[...results.keys()].filter((label) => label.startsWith(`${name}, `)).map((label) => value(label)))
  const lanes = value(`${laneName(lanesDefault)}, ${callers} callers`)

  const alone = await latencyAlone(cluster, seconds)
  const half = await halfLoad(cluster, lanes / 2, seconds)
  const memory = memoryBytes(cluster.pid) / 2 ** 20
  const underStandby = await withStandby(cluster, options, kept(rowLocks))
  await prove(sql)
  const figures: Figure[] = [
    { name: `lanes, ${callers} callers`, value: lanes, unit: 'transfers/s', bar: '>=20000' },
    { name: 'lanes over row locks at their best', value: lanes / best('row locks'), unit: 'times', bar: '>=15' },
    {
      name: 'lanes over one transaction each at its best',
      value: lanes / best('one transaction each'),
      unit: 'times',
      bar: '>=15',
    },
    {
      name: 'lanes over one transaction each over sixteen houses, at its best',
      value: lanes / best('one transaction each over sixteen houses'),
      unit: 'times',
    },
    ...(pgledger
      ? [
          {
            name: 'lanes over pgledger',
            value: lanes / value('pgledger, 32 callers'),
            unit: 'times',
            bar: '>=50' as const,
          },
        ]
      : []),
    ...(tbPerf
      ? [
          {
            name: 'lanes over tb-perf batches',
            value: lanes / best('tb-perf batches of 100'),
            unit: 'times',
            bar: '>=3.5' as const,
          },
        ]
      : []),
    { name: 'one caller alone, lane over plain call', value: alone.lane / alone.plain, unit: 'times', bar: '<=1.3' },
    { name: 'one caller alone, through a lane, p50', value: alone.lane, unit: 'ms' },
    { name: 'one caller alone, plain call, p50', value: alone.plain, unit: 'ms' },
    { name: 'half of maximum load, p99', value: half.p99, unit: 'ms', bar: '<=15' },
    { name: 'half of maximum load, p50', value: half.p50, unit: 'ms' },
    { name: 'tables and indexes, keys included', value: tableBytes, unit: 'bytes each', bar: '<=600' },
    { name: 'write-ahead log', value: walBytes, unit: 'bytes each' },
    { name: 'updates of wallets that left the indexes alone (HOT)', value: await hotShare(sql), unit: '%' },
    { name: `synchronous standby, ${laneName(lanesDefault)}`, value: underStandby.lanes, unit: 'transfers/s' },
    { name: 'synchronous standby, row locks at their best', value: underStandby.rowLocks, unit: 'transfers/s' },
    {
      name: 'synchronous standby, share of the advantage that stays',
      value: (underStandby.lanes / underStandby.rowLocks / (lanes / best('row locks'))) * 100,
      unit: '%',
    },
    ...[...results].flatMap(([label]) => [
      { name: label, value: value(label), unit: 'transfers/s' },
      { name: `${label}, p50`, value: value(label, (each) => each.p50), unit: 'ms' },
      { name: `${label}, p99`, value: value(label, (each) => each.p99), unit: 'ms' },
    ]),
    { name: 'memory, client under load', value: process.memoryUsage().rss / 2 ** 20, unit: 'MiB' },
    { name: 'memory, PostgreSQL under load', value: memory, unit: 'MiB' },
  ]
  const settings = await settingsOf(sql)
  if (options.large) figures.push(...(await largeLedger(cluster, sql, options)))
  await sql.end()
  for (const contestant of [rowLocks, pgledger, tbPerf]) await contestant?.close()
  return {
    conditions: {
      ...machine(cluster.host),
      settings,
      'huge pages': standsOnHugePages(cluster.pid) ? 'yes, for the shared buffers' : 'no',
      wallets: wallets.toLocaleString('en'),
      callers: String(callers),
      'lanes by default': String(lanesDefault),
    },
    figures,
  }
}

function laneName(count: number): string {
  return `lanes (${count})`
}

/** On connections that have planned: what the first calls cost is not what is asked here, of nobody. */
async function run(entry: Entry, seconds: number): Promise<Run> {
  const { call, close, transfersPerCall } = await entry.open()
  await keepBusy(entry.callers, warmUpSeconds, call)
  const { perSecond, latencies } = await keepBusy(entry.callers, seconds, call)
  await close()
  return { perSecond: perSecond * transfersPerCall, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
}

/** What a lane costs somebody who is alone, in turns with the plain call of the same SQL. */
async function latencyAlone(cluster: Cluster, seconds: number): Promise<{ lane: number; plain: number }> {
  const found = { lane: [] as number[], plain: [] as number[] }
  for (let turn = 0; turn < 3; turn++) {
    found.lane.push(
      (await run({ name: '', callers: 1, open: () => openLanes(cluster, 'bench', lanesDefault) }, seconds / 2)).p50,
    )
    found.plain.push((await run({ name: '', callers: 1, open: () => openSingles(cluster, 'bench') }, seconds / 2)).p50)
  }
  return { lane: median(found.lane), plain: median(found.plain) }
}

async function halfLoad(cluster: Cluster, perSecond: number, seconds: number): Promise<{ p50: number; p99: number }> {
  const { call, close } = await openLanes(cluster, 'bench', lanesDefault)
  await keepPace(perSecond, warmUpSeconds, () => call(0))
  const { latencies } = await keepPace(perSecond, seconds, () => call(0))
  await close()
  return { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) }
}

/** Each commit waits for a standby on this machine too, which takes its share of the processors. */
async function withStandby(
  cluster: Cluster,
  { seconds, say }: RunOptions,
  openRowLocks: () => Promise<Contestant>,
): Promise<{ lanes: number; rowLocks: number }> {
  say('copying the cluster to a synchronous standby')
  const standby = await startStandby(cluster)
  try {
    const lanes: number[] = []
    const rowLocks = new Map<number, number[]>()
    for (let round = 0; round < rounds; round++) {
      const open = () => openLanes(cluster, 'bench', lanesDefault)
      lanes.push((await run({ name: '', callers, open }, seconds)).perSecond)
      for (const at of [1, 4, 16, 64]) {
        const { perSecond } = await run({ name: '', callers: at, open: openRowLocks }, seconds / 2)
        rowLocks.set(at, [...(rowLocks.get(at) ?? []), perSecond])
      }
    }
    return { lanes: median(lanes), rowLocks: Math.max(...[...rowLocks.values()].map(median)) }
  } finally {
    await standby.stop()
  }
}

/** A million wallets with ten transfers each, in turns with the small ledger, so that a machine's moods are the same for both. */
async function largeLedger(cluster: Cluster, bench: Sql, { seconds, say }: RunOptions): Promise<Figure[]> {
  const players = 1_000_000
  say('filling a large ledger: a million wallets, ten million transfers')
  const sql = await openBooks(cluster, 'large', players)
  await fillPast(sql, players, 9)
  const open = {
    small: () => openLanes(cluster, 'bench', lanesDefault),
    large: () => openLanes(cluster, 'large', lanesDefault, players),
  }
  await run({ name: '', callers, open: open.large }, seconds)
  const found = { small: [] as number[], large: [] as number[] }
  for (let round = 0; round < 2 * rounds; round++)
    for (const books of ['small', 'large'] as const)
      found[books].push((await run({ name: '', callers, open: open[books] }, seconds)).perSecond)
  const { transfers } = await sizeOf(sql)
  const { transfers: small } = await sizeOf(bench)
  await sql.end()
  const large = median(found.large)
  return [
    { name: 'a million wallets, ten million transfers', value: large, unit: 'transfers/s' },
    {
      name: 'of the small ledger, in turns with it',
      value: (large / median(found.small)) * 100,
      unit: '%',
      bar: '>=85',
    },
    { name: 'the large ledger in the end', value: transfers, unit: 'transfers' },
    { name: 'the small ledger in the end', value: small, unit: 'transfers' },
  ]
}

async function prove(sql: Sql): Promise<void> {
  const proof = await ledger.prove(sql)
  if (!proof.ok)
    throw new Error(
      `The books do not prove after the run: ${JSON.stringify(proof.checks.filter((check) => !check.ok))}`,
    )
}
