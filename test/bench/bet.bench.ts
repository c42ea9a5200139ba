import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { viewHome } from '../../ops/appliance/home.ts'
import { cpuSeconds, memoryBytes } from '../../ops/appliance/processes.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { verify } from '../../ops/commands/verify.ts'
import { arrive, depositByCard, openClient } from '../support/client.ts'
import { type Benchmark, type Figure, keepBusy, median, percentile } from './benchmark.ts'
import { type Caller, keyedPost, openCaller } from './caller.ts'
import { machine } from './machine.ts'

const connections = 64
const rounds = 3
const warmUpSecondsMax = 4
const path = '/api/games/roulette-european/rounds'
const bet = JSON.stringify({ bets: [{ on: 'black', amount: '0.10' }] })

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
  let underLoad = atRest
  const ways = [
    { name: 'through the edge', open: () => throughEdge(appliance, cookies) },
    { name: 'straight at one core', open: () => straightAtCore(appliance, cookies) },
  ]
  for (const { open } of ways) await load(appliance, await open(), Math.min(seconds, warmUpSecondsMax))
  const results = new Map<string, Array<{ perSecond: number; p50: number; p99: number; cpu: Map<string, number> }>>()
  for (let round = 0; round < rounds; round++)
    for (const { name, open } of ways) {
      const sampled = setTimeout(() => {
        if (name === 'through the edge') underLoad = memoryOf(appliance)
      }, seconds * 900)
      const { perSecond, latencies, cpu } = await load(appliance, await open(), seconds)
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
  for (const [name, megabytes] of atRest) {
    figures.push({ name: `memory, ${name}, at rest`, value: megabytes, unit: 'MiB' })
    figures.push({ name: `memory, ${name}, under load`, value: underLoad.get(name) ?? Number.NaN, unit: 'MiB' })
  }
  return { conditions: { ...machine(appliance.home), connections: String(connections) }, figures }
}

type Way = { callers: Caller[]; heads: string[] }

/** Every connection bets for a while; answers also the processor time that each process spent per bet. */
async function load(appliance: Appliance, { callers, heads }: Way, seconds: number) {
  const before = cpuOf(appliance)
  const { perSecond, latencies } = await keepBusy(connections, seconds, async (caller) => {
    const { status, body } = await callers[caller]!.call(keyedPost(heads[caller]!, randomUUID(), bet))
    if (status !== 200) throw new Error(`a bet was answered with ${status}: ${body.slice(0, 200)}`)
  })
  const cpu = new Map(
    [...cpuOf(appliance)].map(([process, spent]) => [
      process,
      ((spent - (before.get(process) ?? 0)) / latencies.length) * 1e6,
    ]),
  )
  for (const caller of callers) caller.close()
  return { perSecond, latencies, cpu }
}

/** As many players as connections, signed in and with money; answers their cookies. */
async function seatPlayers(appliance: Appliance): Promise<string[]> {
  const cookies: string[] = []
  const { ca, urls } = appliance.card()
  const seat = async () => {
    while (cookies.length < connections) {
      const place = cookies.push('') - 1
      const client = openClient(urls.lobby, { ca, connections: 1 })
      await arrive(client, urls)
      await depositByCard(client, '1000.00')
      cookies[place] = client.cookie
      await client.close()
    }
  }
  await Promise.all(Array.from({ length: 8 }, seat))
  return cookies
}

async function throughEdge(appliance: Appliance, cookies: readonly string[]): Promise<Way> {
  const { ca, urls } = appliance.card()
  const { host, port, origin } = new URL(urls.lobby)
  const callers = await openAll(() =>
    openCaller({ host: '127.0.0.1', port: Number(port), ca: readFileSync(ca), servername: 'localhost' }),
  )
  return { callers, heads: cookies.map((cookie) => headOf({ host, origin, cookie })) }
}

/** As the edge would ask: with its certificate, and its word on who asks. */
async function straightAtCore(appliance: Appliance, cookies: readonly string[]): Promise<Way> {
  const { ports, urls } = appliance.card()
  const tls = (file: string) => readFileSync(viewHome(appliance.home).path('tls', file))
  const servername = 'core-1.countroom.internal'
  const options = {
    host: '127.0.0.1',
    port: ports.core1Player,
    ca: tls('ca.pem'),
    cert: tls('edge.pem'),
    key: tls('edge.key'),
    servername,
  }
  const callers = await openAll(() => openCaller(options))
  const { origin } = new URL(urls.lobby)
  return {
    callers,
    heads: cookies.map(
      (cookie) =>
        `${headOf({ host: servername, origin, cookie })}x-forwarded-for: 127.0.0.1\r\nx-request-id: req_bench\r\n`,
    ),
  }
}

function openAll(open: () => Promise<Caller>): Promise<Caller[]> {
  return Promise.all(Array.from({ length: connections }, open))
}

function headOf({ host, origin, cookie }: { host: string; origin: string; cookie: string }): string {
  return `POST ${path} HTTP/1.1\r\nhost: ${host}\r\norigin: ${origin}\r\ncookie: ${cookie}\r\ncontent-type: application/json\r\n`
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
