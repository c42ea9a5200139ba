import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { until } from '../support/client.ts'
import { type Fleet, openFleet } from '../support/edge-fleet.ts'

/** A WebSocket is asked for as anything else is: bans, rules and the gate hold for it, and one asker has so many and no more. */
let fleet: Fleet
beforeAll(async () => {
  fleet = await openFleet({ cores: 1, workers: 1, limits: { webSocketsSessionMax: 2 } })
}, 120_000)
afterAll(() => fleet?.stop())

const session = (letter: string) => ({ cookie: `__Host-session=${letter.repeat(43)}` })

/** An open one, or the status and headers of who says no. */
function knock(headers: Record<string, string> = {}): Promise<WebSocket | IncomingMessage> {
  const ca = readFileSync(join(fleet.dir, 'tls/ca.pem'))
  const socket = new WebSocket(`wss://localhost:${fleet.port}/live`, { ca, headers })
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.once('unexpected-response', (_, response) => resolve(response))
    socket.once('error', reject)
  })
}
const statusOf = (found: WebSocket | IncomingMessage) => (found instanceof WebSocket ? 101 : found.statusCode)
const openOf = async () => {
  const { workers } = (await fleet.admin('GET', '/status')).body as {
    workers: Array<{ state?: { webSockets: number } }>
  }
  return workers.reduce((sum, { state }) => sum + (state?.webSockets ?? 0), 0)
}
const closed = () => until('all are closed', async () => ((await openOf()) === 0 ? true : undefined))

test('one sign-in keeps so many open, another has its own, and one that closes makes room', async () => {
  const open = [await knock(session('a')), await knock(session('a')), await knock(session('b'))]
  expect(open.map(statusOf)).toEqual([101, 101, 101])
  expect(statusOf(await knock(session('a')))).toBe(429)
  ;(open[0] as WebSocket).close()
  await until('there is room', async () => {
    const again = await knock(session('a'))
    if (again instanceof WebSocket) open.push(again)
    return again instanceof WebSocket || undefined
  })
  for (const each of open) (each as WebSocket).close()
  await closed()
})

test('who is banned opens none, and no core hears of it', async () => {
  const path = `/bans/${encodeURIComponent('127.0.0.0/8')}`
  expect((await fleet.admin('PUT', path)).status).toBe(200)
  await until('the ban', async () => (statusOf(await knock()) === 403 ? true : undefined))
  expect((await fleet.admin('DELETE', path)).status).toBe(200)
  await until('no ban', async () => (statusOf(await knock(session('d'))) === 101 ? true : undefined))
})

test('a rule counts them as requests, and says when to come again', async () => {
  const rules = [{ name: 'pages', by: 'network', classes: ['page'], quota: 3, windowSeconds: 600 }]
  fleet.write({ limits: { ...(fleet.config.limits as object), rules } })
  let refused: IncomingMessage | undefined
  await until('the rule', async () => {
    const found = await knock()
    if (found instanceof WebSocket) found.close()
    else refused = found
    return refused
  })
  expect(refused!.statusCode).toBe(429)
  expect(Number(refused!.headers['retry-after'])).toBeGreaterThan(0)
  fleet.write({ limits: { ...(fleet.config.limits as object), rules: [] } })
})
