import { createServer, get, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { register } from 'prom-client'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Reader } from '#base'
import * as ledger from '#ledger'
import type { Config } from '../../core/host/config.ts'
import { type Exports, openExports } from '../../core/host/exports.ts'
import { createRoutes } from '../../core/host/face.ts'
import type { Logger } from '../../core/host/log.ts'
import { problemOf, problemResponse } from '../../core/host/refusals.ts'
import { bookkeeper } from '../support/books.ts'
import { until } from '../support/client.ts'
import { openTestDatabase, type TestDatabase } from '../support/database.ts'

/** Files over HTTP: to readers that are slow, leave, or come too many at once. */
let db: TestDatabase
let wallet: bigint
let made = 0
beforeAll(async () => {
  db = await openTestDatabase()
  const books = bookkeeper(db)
  wallet = await books.open()
  await books.fill(wallet, 160_000, new Date('2026-01-01T00:00:00Z'))
})
afterAll(() => db.stop())

let exports: Exports
let server: Server
let begin: (reader: Reader) => AsyncGenerator<string, void, void>
beforeEach(() => serve(60))
async function serve(exportSecondsMax: number): Promise<void> {
  made = 0
  register.getSingleMetric('countroom_exports_total')?.reset()
  const limits = { exportsMax: 2, exportSecondsMax, exportConnectionsMax: 1, exportStatementSecondsMax: 1 }
  begin = async function* (reader) {
    for await (const chunk of ledger.statementCsv(reader, await ledger.statementExtract(reader, wallet, {}))) {
      made += chunk.length
      yield chunk
    }
  }
  exports = openExports({
    config: { name: 'test', limits } as unknown as Config,
    database: { ...db.address, user: 'countroom_app', password: '' },
    log: { error: () => {} } as unknown as Logger,
  })
  const app = createRoutes()
  app.get('/:caller', (c) =>
    exports.answer(c, { caller: c.req.param('caller'), file: 'f.csv' }, async (reader) => begin(reader)),
  )
  app.onError((error) => problemResponse(problemOf(error, '')))
  server = createServer(getRequestListener(app.fetch))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
}
afterEach(stop)
async function stop(): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await exports.close()
}

function ask(caller: string): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => get({ port, path: `/${caller}`, agent: false }, resolve).on('error', reject))
}
async function sizeOf(answer: IncomingMessage): Promise<number> {
  let size = 0
  for await (const chunk of answer) size += (chunk as Buffer).length
  return size
}
const whole = async (caller: string) => {
  const answer = await ask(caller)
  return { status: answer.statusCode, size: await sizeOf(answer) }
}
/** What exports have at the server: connections that do something or are about to. */
const busy = async () =>
  (
    await db.admin`select 1 from pg_stat_activity where datname = current_database() and application_name = 'test-exports' and state <> 'idle'`
  ).length

/** How exports ended in this test, as the metric tells. */
async function endings(): Promise<string[]> {
  const { values } = (await register.getSingleMetric('countroom_exports_total')!.get()) as {
    values: Array<{ labels: { outcome?: string }; value: number }>
  }
  return values.flatMap(({ labels, value }) => Array.from({ length: value }, () => String(labels.outcome))).sort()
}

test('a reader that stops reading is not read ahead of, and gets the rest when it goes on', async () => {
  const answer = await ask('slow')
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8; header=present')
  expect(answer.headers['content-disposition']).toBe('attachment; filename="f.csv"')
  answer.pause()
  await settled()
  const aheadOf = made
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(made, 'nothing is made while nobody takes it').toBe(aheadOf)
  expect(made).toBeLessThan(10 * 1024 ** 2) // what the sockets' buffers take
  expect(await busy()).toBe(0)
  const size = await sizeOf(answer)
  expect(size).toBe(made)
  expect(size).toBeGreaterThan(12 * 1024 ** 2)
  expect(await endings()).toEqual(['sent'])
})

test('a reader that leaves in the middle ends the work, and its place is free', async () => {
  const answer = await ask('leaver')
  await new Promise((resolve) => answer.once('data', resolve))
  answer.destroy()
  await settled()
  expect(made).toBeLessThan(10 * 1024 ** 2)
  expect(await busy()).toBe(0)
  expect((await whole('leaver')).status).toBe(200)
  expect(await endings()).toEqual(['left', 'sent'])
})

test('one at a time for each caller, and so many in all', async () => {
  const [one, two] = [await ask('one'), await ask('two')]
  expect(await whole('one')).toMatchObject({ status: 429 })
  expect(await whole('three')).toMatchObject({ status: 503 })
  one.destroy()
  await until('a place to be free', async () => ((await whole('three')).status === 200 ? true : undefined))
  two.destroy()
})

test('a reader that takes too long is cut off, and knows that the file is not whole', async () => {
  await stop()
  await serve(1)
  const answer = await ask('late')
  await settled()
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await expect(sizeOf(answer)).rejects.toMatchObject({ code: 'ECONNRESET' })
  begin = async function* () {
    yield 'head\r\n'
  }
  expect(await whole('late')).toEqual({ status: 200, size: 6 })
  expect(await endings()).toEqual(['late', 'sent'])
})

test('a statement that hangs is cancelled by the server; a file that fails breaks off, before its first byte it is an answer', async () => {
  begin = async function* (reader) {
    yield 'head\r\n'
    await reader`select pg_sleep(30)`
  }
  const startedMs = performance.now()
  await expect(whole('hung')).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(performance.now() - startedMs).toBeLessThan(5000)
  begin = () => {
    throw new Error('no audit record, no action')
  }
  expect((await whole('hung')).status).toBe(500)
  begin = async function* () {
    yield 'head\r\n'
  }
  expect(await whole('hung')).toEqual({ status: 200, size: 6 })
  expect(await endings()).toEqual(['failed', 'sent'])
})

/** Until no more is made: buffers are full, or nobody reads. */
async function settled(): Promise<void> {
  for (let before = -1; before !== made; ) {
    before = made
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
}
