import { SpanKind } from '@opentelemetry/api'
import { type Counter, register } from 'prom-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLane, Refusal } from '#base'
import type { Sql } from '../../core/host/database.ts'
import { openTracing, type Tracing } from '../../core/host/tracing/index.ts'
import { openSpans } from '../../core/host/tracing/spans.ts'
import { until } from '../support/client.ts'
import { openCollector } from '../support/collector.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'

/** Whose a statement is, where several wait for the same turn, and what a span tells of it; against a real database and a real collector. */
let database: TestDatabase
let sql: Sql
let collector: Awaited<ReturnType<typeof openCollector>>
let tracing: Tracing
beforeAll(async () => {
  database = await openTestDatabase()
  sql = database.sql
  collector = await openCollector()
  const { endpoint, caFile } = collector
  tracing = openTracing('core', { endpoint, caFile, instance: 'node-1/core-1', share: 0 }, sql, 'books')
})
afterAll(async () => {
  await tracing.close()
  await collector.kill()
  collector.remove()
  await database.stop()
})

const root = (name: string) => tracing.begin(name, SpanKind.SERVER, undefined)
const seen = (trace: string, name: string) =>
  until(`${name} of ${trace}`, async () => collector.spans.find((span) => span.trace === trace && span.name === name))

test('what a batch asks is told in the trace of each followed item in it, and of nobody whose turn it merely was', async () => {
  const followed = tracing.lanes<{ n: number }, number>()
  const batches: number[][] = []
  const plain = createLane<{ n: number }, number>({
    batchMax: 8,
    queueMax: 100,
    deadlineMs: 20_000,
    isRetryable: () => false,
    isUnknown: () => false,
    run: (items) =>
      followed.booking(items, async () => {
        batches.push(items.map(({ n }) => n))
        await sql.unsafe(
          `select ${items.map((_, i) => `$${i + 1}::int`).join(' + ')} from pg_class limit 1`,
          items.map(({ n }) => n),
        )
        return items.map(({ n }) => n)
      }),
  })
  const lane = followed.follow(plain)
  const roots = [root('first'), root('second'), root('alone')]
  const submit = (n: number, span?: (typeof roots)[number]) =>
    span ? tracing.within([span], () => lane.submit(BigInt(n), { n })) : lane.submit(BigInt(n), { n })
  await Promise.all([submit(1, roots[0]), submit(2, roots[1]), submit(3)])
  // The loop that sends batches still runs in the turn of who began it.
  await Promise.all([submit(4, roots[2]), submit(5)])
  await submit(6)
  for (const span of roots) span.end()
  await lane.close()
  expect(batches).toEqual([[1, 2, 3], [4, 5], [6]])
  for (const [i, size] of [3, 3, 2].entries()) {
    const { traceId: trace } = roots[i]!.spanContext()
    const statement = await seen(trace, 'SELECT pg_class')
    const inLane = await seen(trace, 'lane')
    expect(statement.parent).toBe(inLane.id)
    expect(inLane.attributes['countroom.batch.size']).toBe(size)
    expect(collector.spans.filter((span) => span.trace === trace && span.name === 'SELECT pg_class')).toHaveLength(1)
  }
  expect(collector.spans.filter(({ name }) => name === 'SELECT pg_class')).toHaveLength(3)
})

test('a statement that fails is told by its code, a refusal is an answer, and no value is told of either', async () => {
  const span = root('refused')
  const secret = 'a-name-of-somebody'
  await tracing.within([span], async () => {
    await expect(sql`select ${secret}::int`).rejects.toThrow()
    await expect(sql.unsafe(`select '${secret}' || (1 / 0)`)).rejects.toThrow('division')
    const refusal = new Refusal('conflict', 'ledger.insufficient_funds', `not for ${secret}`)
    await expect(tracing.around('an.act', () => Promise.reject(refusal))).rejects.toBe(refusal)
    const defect = new Error(`about ${secret}`)
    await expect(tracing.around('a.defect', () => Promise.reject(defect))).rejects.toBe(defect)
  })
  span.end()
  const { traceId: trace } = span.spanContext()
  await seen(trace, 'refused')
  const of = (name: string) => collector.spans.filter((each) => each.trace === trace && each.name === name)
  expect(of('SELECT').map(({ isFailed, attributes }) => [isFailed, attributes['db.response.status_code']])).toEqual([
    [true, '22P02'],
    [true, '22012'],
  ])
  expect(of('an.act')).toMatchObject([
    { isFailed: false, attributes: { 'countroom.refusal': 'ledger.insufficient_funds' } },
  ])
  expect(of('a.defect')).toMatchObject([{ isFailed: true, attributes: { 'error.type': 'defect' } }])
  expect(collector.received()).not.toContain(secret)
})

test('what nobody follows makes no span', async () => {
  const before = collector.spans.length
  await sql`select 1`
  await sql.begin((tx) => tx`select 2`)
  expect(await tracing.around('an.act', async () => 7)).toBe(7)
  expect(await tracing.job('messages.send', async () => 8)).toBe(8)
  const last = root('last')
  last.end()
  await seen(last.spanContext().traceId, 'last')
  expect(collector.spans.length).toBe(before + 1)
})

test('before a collector that takes and never answers spans wait up to a limit, and what comes besides is dropped and counted', async () => {
  const frozen = await openCollector()
  frozen.freeze()
  const { endpoint, caFile } = frozen
  const spans = openSpans('core', { endpoint, caFile, instance: 'node-1/core-1', share: 0 })
  const counted = async (outcome: string) => {
    const found = await (register.getSingleMetric('countroom_spans_total') as Counter).get()
    return found.values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0
  }
  const before = await counted('dropped')
  const make = (count: number) => {
    for (let i = 0; i < count; i++) spans.begin('one', SpanKind.INTERNAL, undefined).end()
  }
  make(600) // the first batch is on its way, and counts as waiting
  await until('the first batch', async () => (frozen.asked > 0 ? true : undefined))
  make(5000)
  expect((await counted('dropped')) - before).toBe(600 + 5000 - 4096)
  const failedBefore = await counted('failed')
  await frozen.kill()
  await until(
    'what was on its way to be given up',
    async () => ((await counted('failed')) > failedBefore ? true : undefined),
    40,
  )
  make(100) // there is room again
  expect((await counted('dropped')) - before).toBe(600 + 5000 - 4096)
  await spans.close()
  frozen.remove()
}, 90_000)
