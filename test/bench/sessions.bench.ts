import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { openSignIns } from '../../core/host/sign-ins.ts'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { arrive, openClient } from '../support/client.ts'
import { type Benchmark, type Figure, keepPace, percentile } from './benchmark.ts'
import { betBy, seatPlayers, throughEdge } from './bets.ts'
import { machine } from './machine.ts'

const betsPerSecond = 500
/** A little more than asked, since those of the last moments end after the minute. */
const signInsPerSecond = 310 / 60
const checks = 20_000
const questions = 300
const revocations = 20

/**
 * What it costs to know who asks, how soon an ended session is over elsewhere, and whether sign-ins, which are slow on purpose,
 * take anything from bets.
 */
const benchmark: Benchmark = {
  name: 'sessions',
  summary: 'the session check, an end seen by the other node, and 300 sign-ins a minute beside 500 bets/s',
  seconds: 20,
  async run({ seconds, say }) {
    const home = mkdtempSync(join(tmpdir(), 'cr-bench-'))
    chmodSync(home, 0o755) // the service user must reach it
    const appliance = await startAppliance({ home, freePorts: true })
    try {
      const seats = await seatPlayers(appliance)
      say(`${seats.length} players are seated`)
      const figures = [
        ...(await check(appliance, seats)),
        ...(await revocation(appliance, say)),
        ...(await beside(appliance, seats, seconds, say)),
      ]
      return { conditions: machine(appliance.home), figures }
    } finally {
      await appliance.stop()
      rmSync(home, { recursive: true, force: true })
    }
  },
}
export default benchmark

/** In this process, against the appliance's own database. */
async function check(appliance: Appliance, seats: readonly string[]): Promise<Figure[]> {
  const sql = connect(viewHome(appliance.home), 'admin')
  const cache = { publish: async () => {}, subscribe: () => {} }
  const signIns = openSignIns({ sql, cache, now: () => new Date(), betSecondsMax: 3600 })
  const secrets = seats.map((cookies) => /__Host-session=([^;]+)/.exec(cookies)?.[1] ?? '')
  for (const secret of secrets)
    if (!(await signIns.find(secret, 'bet'))) throw new Error('somebody who is seated is not signed in')
  const before = process.cpuUsage()
  for (let i = 0; i < checks; i++) await signIns.find(secrets[i % secrets.length]!, 'bet')
  const spent = process.cpuUsage(before)
  const latencies: number[] = []
  for (let i = 0; i < questions; i++) {
    const begunMs = performance.now()
    await signIns.find(secrets[i % secrets.length]!, 'change')
    latencies.push(performance.now() - begunMs)
  }
  await sql.end()
  latencies.sort((one, other) => one - other)
  return [
    { name: 'check, cached', value: (spent.user + spent.system) / checks, unit: 'µs CPU', bar: '<=30' },
    { name: 'check, uncached, median', value: percentile(latencies, 0.5), unit: 'ms', bar: '<=1.5' },
    { name: 'check, uncached, p99', value: percentile(latencies, 0.99), unit: 'ms' },
  ]
}

/** A session ended at one core, until the other one, which has just seen it, says so. */
async function revocation(appliance: Appliance, say: (line: string) => void): Promise<Figure[]> {
  const client = openClient(appliance.urls.lobby, { ca: appliance.card().ca })
  const who = await arrive(client, appliance.urls)
  const [first, second] = [coreOf(appliance, 1), coreOf(appliance, 2)]
  const seenMs: number[] = []
  for (let i = 0; i < revocations; i++) {
    if (i > 0) await client.ask('POST', '/api/sessions', who)
    const { cookie } = client
    const look = () => second.ask('GET', '/api/limits', cookie)
    if ((await look()) !== 200) throw new Error('the other core does not know the session')
    if ((await first.ask('DELETE', '/api/sessions/current', cookie)) !== 200) throw new Error('it was not ended')
    const begunMs = performance.now()
    while ((await look()) === 200) await new Promise((resolve) => setTimeout(resolve, 1))
    seenMs.push(performance.now() - begunMs)
  }
  await Promise.all([first.close(), second.close(), client.close()])
  say(`${revocations} sessions were ended at one core and looked for at the other`)
  return [{ name: 'an end seen by the other core, worst', value: Math.max(...seenMs), unit: 'ms', bar: '<=1000' }]
}

/** One core, asked as the edge asks. */
function coreOf(appliance: Appliance, number: 1 | 2) {
  const { ports, urls } = appliance.card()
  const file = (name: string) => readFileSync(viewHome(appliance.home).path('tls', name))
  const servername = `core-${number}.countroom.internal`
  const connect = { ca: file('ca.pem'), cert: file('edge.pem'), key: file('edge.key'), servername }
  const dispatcher = new Agent({ connect })
  const { origin } = new URL(urls.lobby)
  return {
    async ask(method: 'GET' | 'DELETE', path: string, cookie: string): Promise<number> {
      const { statusCode, body } = await request(`https://127.0.0.1:${ports[`core${number}Player`]}${path}`, {
        method,
        dispatcher,
        headers: { origin, cookie, 'x-forwarded-for': '127.0.0.1', 'idempotency-key': randomUUID() },
      })
      await body.dump()
      return statusCode
    },
    close: () => dispatcher.destroy(),
  }
}

/** Bets alone, then bets beside sign-ins, at a steady pace both. */
async function beside(
  appliance: Appliance,
  seats: readonly string[],
  seconds: number,
  say: (line: string) => void,
): Promise<Figure[]> {
  const way = await throughEdge(appliance, seats)
  const bets = (forSeconds: number) => keepPace(betsPerSecond, forSeconds, betBy(way))
  await bets(Math.min(5, seconds))
  const alone = await bets(seconds)
  say(`bets alone: p99 ${percentile(alone.latencies, 0.99).toFixed(1)} ms`)
  const client = openClient(appliance.urls.lobby, { ca: appliance.card().ca, connections: 16 })
  const who = await arrive(client, appliance.urls)
  let done = 0
  const signIn = async () => {
    const { status } = await client.ask('POST', '/api/sessions', who)
    if (status === 201) done++
    else if (status !== 503) throw new Error(`a sign-in was answered with ${status}`)
  }
  const [both, signIns] = await Promise.all([bets(seconds), keepPace(signInsPerSecond, seconds, signIn)])
  await client.close()
  for (const caller of way.callers) caller.close()
  const p99 = percentile(both.latencies, 0.99)
  return [
    { name: 'bets alone, p99', value: percentile(alone.latencies, 0.99), unit: 'ms' },
    { name: 'bets beside sign-ins, p99', value: p99, unit: 'ms' },
    {
      name: 'p99 beside sign-ins, of p99 alone',
      value: p99 / percentile(alone.latencies, 0.99),
      unit: 'times',
      bar: '<=1.5',
    },
    { name: 'bets beside sign-ins', value: both.perSecond, unit: 'bets/s', bar: '>=490' },
    {
      name: 'sign-ins, not told to wait',
      value: (done / signIns.latencies.length) * signIns.perSecond * 60,
      unit: 'per minute',
      bar: '>=300',
    },
    { name: 'sign-ins, p99', value: percentile(signIns.latencies, 0.99), unit: 'ms' },
  ]
}
