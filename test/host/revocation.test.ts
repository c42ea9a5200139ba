import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import WebSocket from 'ws'
import * as sessions from '#sessions'
import { type Cache, openCache } from '../../core/host/cache.ts'
import type { Host } from '../../core/host/host.ts'
import { createLive } from '../../core/host/live.ts'
import { createLog } from '../../core/host/log.ts'
import { openSignIns, type SignIns } from '../../core/host/sign-ins.ts'
import { until } from '../support/client.ts'
import { rightAttempt } from '../support/sign-in.ts'
import { openWorld, type World } from '../support/world.ts'

/** Two nodes on one database and one Redis: what ends at one is over at the other, told or not. */
const origin = 'https://localhost'
const password = 'of this test'
let world: World
let dir: string
let redis: ChildProcess
let caches: [Cache, Cache]
beforeAll(async () => {
  world = await openWorld()
  dir = mkdtempSync(join(tmpdir(), 'cr-redis-'))
  const socket = join(dir, 'redis.sock')
  redis = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--requirepass', password, '--save', ''], {
    stdio: 'ignore',
    cwd: dir,
  })
  await until('redis', async () => existsSync(socket) || undefined)
  const open = () =>
    openCache({ address: { path: socket }, password: () => password, log: createLog('test', 'silent') })
  caches = [open(), open()]
  await until('both caches', async () => caches.every((cache) => cache.healthy()) || undefined)
})
afterAll(async () => {
  await Promise.all(caches.map((cache) => cache.close()))
  redis.kill()
  await world.stop()
  rmSync(dir, { recursive: true, force: true })
})

const silent = { publish: async () => {}, subscribe: () => {} }
const node = (cache: Pick<Cache, 'publish' | 'subscribe'>, now = () => new Date()) =>
  openSignIns({ sql: world.sql, cache, now, betSecondsMax: 60 })
const signIn = async () => {
  const { player } = await world.player()
  const begun = await world.act((tx) => sessions.begin(tx, world.command(), rightAttempt(player)))
  if ('refusal' in begun) throw begun.refusal
  return { player, ...begun }
}
const end = (id: string) => world.act((tx) => sessions.end(tx, world.command(), id))
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('what one node ends the other one hears of, for reading and for bets [S19] [S22]', async () => {
  const [here, there] = [node(caches[0]), node(caches[1])]
  await pause(200) // until both listen
  const { player, secret, session } = await signIn()
  for (const use of ['bet', 'read'] as const) expect(await there.find(secret, use)).toBeDefined()
  await end(session.id)
  expect(await there.find(secret, 'bet'), 'it was not told yet').toBeDefined()
  const begunMs = performance.now()
  await here.ended(player)
  expect(await here.find(secret, 'bet')).toBeUndefined()
  await until('the other node', async () => ((await there.find(secret, 'bet')) ? undefined : true), 1)
  expect(performance.now() - begunMs).toBeLessThan(1000)
})

test('a page that reads and listens by itself keeps no session: after thirty minutes nothing goes on, not even a bet [GLI-2.5.4a] [S18]', async () => {
  let minutes = 0
  const there = node(silent, () => new Date(Date.now() + minutes * 60_000))
  const uses = ['read', 'watch'] as const
  const { secret } = await signIn()
  for (; minutes < 30; minutes++)
    for (const use of uses) expect(await there.find(secret, use), `${minutes}`).toBeDefined()
  await pause(1001) // longer than what is only read is remembered
  for (const use of [...uses, 'bet', 'change', 'visit'] as const)
    expect(await there.find(secret, use), use).toBeUndefined()
})

test('whoever bets, changes something or opens a page goes on, also when the page read a moment before [GLI-2.5.4a]', async () => {
  let minutes = 0
  const there = node(silent, () => new Date(Date.now() + minutes * 60_000))
  for (const use of ['bet', 'change', 'visit'] as const) {
    minutes = 0
    const { secret } = await signIn()
    for (; minutes <= 75; minutes += 25) {
      expect(await there.find(secret, 'read'), `${use} ${minutes}`).toBeDefined()
      expect(await there.find(secret, use), `${use} ${minutes}`).toBeDefined()
    }
  }
})

test('with Redis away an end is seen at once by what changes something, and within a second by what reads [S19]', async () => {
  const there = node(silent)
  const { secret, session } = await signIn()
  expect(await there.find(secret, 'read')).toBeDefined()
  await end(session.id)
  expect(await there.find(secret, 'change')).toBeUndefined()
  await pause(1000)
  expect(await there.find(secret, 'read')).toBeUndefined()
})

test('an open page is cut off with its session: at once where that is told, and without being told soon after [S19]', {
  timeout: 30_000,
}, async () => {
  for (const told of [true, false]) {
    const signIns = node(silent)
    const { server, live, url } = await listen(signIns)
    const { player, secret, session } = await signIn()
    const page = new WebSocket(url, { origin, headers: { cookie: `__Host-session=${secret}` } })
    await new Promise((resolve) => page.once('open', resolve))
    const closed = new Promise<number>((resolve) => page.once('close', resolve))
    await signIns.ended(player) // nothing ended: it stays
    await pause(100)
    expect(page.readyState).toBe(WebSocket.OPEN)
    await end(session.id)
    const begunMs = performance.now()
    if (told) await signIns.ended(player)
    expect(await closed).toBe(4401)
    expect(performance.now() - begunMs).toBeLessThan(told ? 1000 : 8000)
    live.close()
    server.close()
  }
})

async function listen(signIns: SignIns): Promise<{ server: Server; live: ReturnType<typeof createLive>; url: string }> {
  const config = { origins: { player: origin }, limits: { liveConnectionsMax: 10 } }
  const host = { config, sql: world.sql, cache: silent, signIns, now: () => new Date() } as unknown as Host
  const live = createLive(host)
  const server = createServer()
  server.on('upgrade', live.upgrade)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, live, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/live` }
}
