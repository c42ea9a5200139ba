import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { cpuSeconds, memoryBytes } from '../../ops/appliance/processes.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { verify } from '../../ops/commands/verify.ts'
import { type Benchmark, type Figure, median, percentile } from './benchmark.ts'
import { connections, playFor, seatPlayers, straightAtCore, throughEdge, type Way } from './bets.ts'
import { machine } from './machine.ts'

const rounds = 3
const warmUpSecondsMax = 4

/**
 * Roulette bets over HTTPS through edge, core and PostgreSQL, every answered bet on disk; and, to tell what the edge
 * costs, the same bets straight at one core process over mutual TLS. The generator stands on the same cores.
 */
const benchmark: Benchmark = {
  name: 'bet',
  summary: 'roulette bets/s over HTTPS through edge, core and PostgreSQL; memory of each process',
  seconds: 8,
  async run({ seconds, say }) {
    const home = mkdtempSync(join(tmpdir(), 'cr-bench-'))
    chmodSync(home, 0o755) // the service user must reach it
    const appliance = await startAppliance({ home, freePorts: true })
    try {
      return await measure(appliance, seconds, say)
    } finally {
      await appliance.stop()
      rmSync(home, { recursive: true, force: true })
    }
  },
}
export default benchmark

async function measure(appliance: Appliance, seconds: number, say: (line: string) => void) {
  const cookies = await seatPlayers(appliance)
  say(`${cookies.length} players are seated`)
  const atRest = memoryOf(appliance)
  const before = await diskOf(appliance)
  let bets = 0
  let underLoad = atRest
  const ways = [
    { name: 'through the edge', open: () => throughEdge(appliance, cookies) },
    { name: 'straight at one core', open: () => straightAtCore(appliance, cookies) },
  ]
  for (const { open } of ways)
    bets += (await load(appliance, await open(), Math.min(seconds, warmUpSecondsMax))).latencies.length
  const results = new Map<string, Array<{ perSecond: number; p50: number; p99: number; cpu: Map<string, number> }>>()
  for (let round = 0; round < rounds; round++)
    for (const { name, open } of ways) {
      const sampled = setTimeout(() => {
        if (name === 'through the edge') underLoad = memoryOf(appliance)
      }, seconds * 900)
      const { perSecond, latencies, cpu } = await load(appliance, await open(), seconds)
      bets += latencies.length
      clearTimeout(sampled)
      say(`${name}: ${Math.round(perSecond)}/s`)
      const result = { perSecond, p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99), cpu }
      results.set(name, [...(results.get(name) ?? []), result])
    }
  const proof = await verify(viewHome(appliance.home), 'ledger')
  if (!proof.ok) throw new Error(`The books do not prove after the run: ${JSON.stringify(proof.checks)}`)

  const figures: Figure[] = [...results].flatMap(([name, runs]) => [
    {
      name,
      value: median(runs.map((run) => run.perSecond)),
      unit: 'bets/s',
      ...(name === 'through the edge' ? { bar: '>=1500' as const } : {}),
    },
    { name: `${name}, p50`, value: median(runs.map((run) => run.p50)), unit: 'ms' },
    { name: `${name}, p99`, value: median(runs.map((run) => run.p99)), unit: 'ms' },
    ...[...runs[0]!.cpu.keys()].map((process) => ({
      name: `${name}, processor time of ${process}`,
      value: median(runs.map((run) => run.cpu.get(process) ?? 0)),
      unit: 'µs per bet',
    })),
  ])
  const after = await diskOf(appliance)
  const perMillion = (bytes: bigint) => (Number(bytes) / bets) * (1e6 / 2 ** 30)
  figures.push(
    { name: 'disk of the database', value: perMillion(after.database - before.database), unit: 'GiB per million bets' },
    {
      name: 'log of the database (archived, sent to standbys)',
      value: perMillion(after.log - before.log),
      unit: 'GiB per million bets',
    },
  )
  for (const [name, megabytes] of atRest) {
    figures.push({ name: `memory, ${name}, at rest`, value: megabytes, unit: 'MiB' })
    figures.push({ name: `memory, ${name}, under load`, value: underLoad.get(name) ?? Number.NaN, unit: 'MiB' })
  }
  return { conditions: { ...machine(appliance.home), connections: String(connections) }, figures }
}

/** Bytes that the database has, and that it has ever written to its log. */
async function diskOf({ home }: Appliance): Promise<{ database: bigint; log: bigint }> {
  const sql = connect(viewHome(home), 'owner')
  try {
    const [row] = await sql<Array<{ database: bigint; log: bigint }>>`
      select pg_database_size(current_database()) as database, (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint as log`
    return row!
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Every connection bets for a while; answers also the processor time that each process spent per bet. */
async function load(appliance: Appliance, way: Way, seconds: number) {
  const before = cpuOf(appliance)
  const { perSecond, latencies } = await playFor(way, seconds)
  const cpu = new Map(
    [...cpuOf(appliance)].map(([process, spent]) => [
      process,
      ((spent - (before.get(process) ?? 0)) / latencies.length) * 1e6,
    ]),
  )
  for (const caller of way.callers) caller.close()
  return { perSecond, latencies, cpu }
}

/** Processor time spent so far per process, children included, in seconds. */
function cpuOf(appliance: Appliance): Map<string, number> {
  const { user, system } = process.cpuUsage()
  return new Map([
    ...appliance.processes().map((unit) => [unit.name, unit.pid ? cpuSeconds(unit.pid) : 0] as const),
    ['generator', (user + system) / 1e6] as const,
  ])
}

/** Memory per process, its children included and pages they share counted once. */
function memoryOf(appliance: Appliance): Map<string, number> {
  const own = ['generator and supervisor', process.memoryUsage().rss / 2 ** 20] as const
  return new Map([
    ...appliance.processes().map((unit) => [unit.name, unit.pid ? memoryBytes(unit.pid) / 2 ** 20 : 0] as const),
    own,
  ])
}
