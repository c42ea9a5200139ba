import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startAppliance } from '../../../ops/appliance.ts'
import { arrive, type Client, depositByCard, must, openClient, until } from '../../support/client.ts'
import { openCollector, type SeenSpan } from '../../support/collector.ts'
import { newHome } from '../../support/home.ts'
import { processesOf, removeHome } from '../command.ts'

/** What a running appliance tells a collector of OpenTelemetry: each request from the edge to its statements, and nothing of whose it was. */
const secret = 'Bearer of-the-collector-7f3a'
const home = newHome('small')
const said: string[] = []
let collector: Awaited<ReturnType<typeof openCollector>>
let appliance: Awaited<ReturnType<typeof startAppliance>>
let client: Client
let ada: { email: string; password: string }

beforeAll(async () => {
  collector = await openCollector()
  const headersFile = join(home, 'otlp-headers')
  writeFileSync(headersFile, `authorization: ${secret}\n`)
  chmodSync(headersFile, 0o600)
  const { endpoint, caFile } = collector
  const telemetry = { otlp: { endpoint, caFile, headersFile }, traces: { share: 1 }, metrics: { everySeconds: 1 } }
  writeFileSync(join(home, 'countroom.json'), JSON.stringify({ edgeWorkers: 1, telemetry }))
  appliance = await startAppliance({ home, freePorts: true, say: (line) => void said.push(line) })
  client = openClient(appliance.urls.lobby, { ca: join(home, 'tls/ca.pem') })
  ada = await arrive(client, appliance.urls)
  await depositByCard(client, '100.00')
}, 120_000)
afterAll(async () => {
  await client?.close()
  await appliance?.stop()
  await collector?.kill()
  collector?.remove()
  expect(processesOf(home)).toEqual([])
  removeHome(home)
})

const bet = () =>
  must(
    client.ask<{ round: string }>('POST', '/api/games/roulette-european/rounds', {
      bets: [{ on: 'red', amount: '1.00' }],
    }),
    200,
  )
const traceOf = (answer: { headers: Record<string, unknown> }) =>
  String(answer.headers['x-request-id']).slice('req_'.length)
const spansOf = (trace: string) => collector.spans.filter((span) => span.trace === trace)
const one = (spans: SeenSpan[], what: (span: SeenSpan) => boolean) => {
  const found = spans.filter(what)
  expect(found).toHaveLength(1)
  return found[0]!
}

test('one trace goes from the edge over a core and its lane to the statement that books a bet', async () => {
  const trace = traceOf(await bet())
  const spans = await until('the spans of a bet', async () => {
    const found = spansOf(trace)
    return found.some(({ kind }) => kind === 3) && new Set(found.map(({ service }) => service)).size === 2
      ? found
      : undefined
  })
  const edge = one(spans, ({ service }) => service === 'countroom-edge')
  const core = one(spans, ({ kind, service }) => kind === 2 && service === 'countroom-core')
  const lane = one(spans, ({ name }) => name === 'lane')
  const statement = one(spans, ({ attributes }) => attributes['db.query.summary'] === 'SELECT games.settle')
  expect(edge).toMatchObject({ parent: '', kind: 2, name: 'POST /api/games/{game}/rounds' })
  expect(core).toMatchObject({ parent: edge.id, name: 'POST /api/games/:game/rounds' })
  expect(lane).toMatchObject({ parent: core.id, kind: 1 })
  expect(statement).toMatchObject({ parent: lane.id, kind: 3, name: 'SELECT games.settle' })
  expect(statement.attributes).toMatchObject({ 'db.system.name': 'postgresql', 'db.namespace': 'countroom' })
  expect(statement.attributes['db.query.text']).toContain('games.settle($1')
  expect(edge.attributes).toMatchObject({
    'http.response.status_code': 200,
    'countroom.class': 'bet',
    'countroom.tries': 1,
  })
  for (const inner of [lane, statement])
    expect(inner.endMs - inner.startMs).toBeLessThanOrEqual(edge.endMs - edge.startMs + 50)
})

test('what a keyed act asks hangs below the act, in one transaction', async () => {
  const wish = { amount: { amount: '10.00', currency: 'EUR' } }
  const ok = await must(client.ask('POST', '/api/deposits', wish), 201)
  const spans = await until('the spans of a deposit', async () => {
    const found = spansOf(traceOf(ok))
    return found.some(({ name }) => name === 'COMMIT') ? found : undefined
  })
  const act = one(spans, ({ name }) => /^cashier\./.test(name))
  const below = spans.filter(({ parent }) => parent === act.id).map(({ name }) => name)
  expect(below[0]).toBe('BEGIN')
  expect(below).toContain('COMMIT')
})

test('a job of the worker is followed too, from its beginning', async () => {
  const job = await until('a job with a statement', async () =>
    collector.spans.find(({ kind, id }) => kind === 5 && collector.spans.some(({ parent }) => parent === id)),
  )
  expect(job).toMatchObject({ service: 'countroom-work', instance: 'node-1/work-1', parent: '' })
  expect(job.name).toMatch(/^process [a-z.-]+$/)
})

test('no strangers force what is followed: their header ends at the edge', async () => {
  const stranger = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`
  await must(client.ask('GET', '/api/me', undefined, { traceparent: stranger }), 200)
  await until('later spans', async () =>
    collector.spans.find(({ attributes }) => attributes['http.route'] === '/api/me'),
  )
  expect(spansOf('ab'.repeat(16))).toEqual([])
})

test('nothing in it is secret or tells of a person', async () => {
  const { email, password } = ada
  const { player } = (await client.ask<{ player: string }>('GET', '/api/me')).body
  expect(player).toMatch(/^plr_/)
  const session = client.cookie.split('=')[1]!.split(';')[0]!
  const keys = ['core', 'work'].map((kind) =>
    readFileSync(join(home, `run/credentials/${kind}/postgres-${kind === 'core' ? 'app' : 'work'}`), 'utf8').trim(),
  )
  await until('all of it', async () =>
    collector.spans.some(({ name }) => name.includes('/api/registrations')) ? true : undefined,
  )
  const received = collector.received()
  for (const word of [
    email,
    password,
    'Lovelace',
    'St James',
    '1985-12-10',
    '4242424242424242',
    player,
    session,
    ...keys,
  ])
    expect(received.includes(word), word).toBe(false)
  expect(collector.headers.every((lines) => lines.includes(secret))).toBe(true)
  for (const process of ['core-1', 'edge', 'work-1'])
    expect(readFileSync(join(home, `log/${process}.log`), 'utf8')).not.toContain('of-the-collector')
  expect(said.join('\n')).not.toContain('of-the-collector')
})

test('all that processes count comes too, by the same names', async () => {
  const figures = await until('figures of all', async () => {
    const instances = new Set(collector.metrics.map(({ instance }) => instance))
    return ['core-1', 'core-2', 'edge', 'work-1', 'keys'].every((name) => instances.has(`node-1/${name}`))
      ? collector.metrics
      : undefined
  })
  const kindOf = (name: string) => figures.find((metric) => metric.name === name)?.kind
  expect(kindOf('countroom_bets_total')).toBe('sum')
  expect(kindOf('countroom_request_seconds')).toBe('histogram')
  expect(kindOf('countroom_edge_core_healthy')).toBe('gauge')
  expect(figures.every(({ kind, points }) => kind !== 'other' && points > 0)).toBe(true)
})

test('a collector that takes and never answers, and one that is gone, fail and hold up nobody; what is lost is counted', async () => {
  const play = async (count: number) => {
    let slowestMs = 0
    for (let i = 0; i < count; i++) {
      const began = performance.now()
      await bet()
      slowestMs = Math.max(slowestMs, performance.now() - began)
    }
    return slowestMs
  }
  collector.freeze()
  const before = collector.asked
  expect(await play(60)).toBeLessThan(4000)
  await until('something it holds back', async () => (collector.asked > before ? true : undefined))
  await collector.kill()
  expect(await play(60)).toBeLessThan(4000)
  const { edgeMetrics } = appliance.card().ports
  await until(
    'the count of what it did not take',
    async () => {
      const text = await (await fetch(`http://127.0.0.1:${edgeMetrics}/metrics`)).text()
      return /countroom_edge_spans_total\{outcome="failed"\} [1-9]/.test(text) ? true : undefined
    },
    60,
  )
  await until('a word to the operator', async () => said.find((line) => line.includes('does not take figures')), 30)
  rmSync(join(home, 'otlp-headers'))
}, 150_000)
