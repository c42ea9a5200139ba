import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { countroom } from '../ops/command.ts'
import { changes, type Fleet, openCaller, openFleet, reads } from '../support/edge-fleet.ts'
import { until } from '../support/edge-load.ts'
import { openSocket } from '../support/edge-trials.ts'

/** What changes while the edge runs, and who may say so: by its file, by its admin socket, by `countroom edge`. */
let fleet: Fleet
beforeAll(async () => {
  fleet = await openFleet({ cores: 2, workers: 2 })
}, 120_000)
afterAll(() => fleet?.stop())

const edge = async (...args: string[]) =>
  countroom(fleet.dir, ['edge', ...args, '--socket', join(fleet.dir, 'admin.sock')])
const json = async <T>(...args: string[]) => JSON.parse((await edge(...args, '--json')).out) as T

/** Who answers, of so many requests. */
async function answeredBy(count = 20): Promise<Set<string>> {
  const caller = openCaller(fleet, 4)
  const answers = await Promise.all(Array.from({ length: count }, () => caller.ask('GET', reads)))
  await caller.close()
  return new Set(answers.map(({ text }) => (JSON.parse(text) as { core: string }).core))
}

/** A WebSocket, as soon as the player's face is open to us. */
async function opened(): Promise<WebSocket> {
  let socket: WebSocket | undefined
  await until('a WebSocket', async () => {
    socket = await openSocket(fleet).catch(() => undefined)
    return socket !== undefined
  })
  return socket!
}

describe('the admin socket', () => {
  test('is for its owner alone', () => {
    expect(statSync(join(fleet.dir, 'admin.sock')).mode & 0o777).toBe(0o600)
  })

  test('countroom edge status tells workers, listeners and configuration', { timeout: 60_000 }, async () => {
    const said = await edge('status')
    expect(said.code).toBe(0)
    for (const pid of await fleet.workers()) expect(said.out).toContain(String(pid))
    expect(said.out).toContain(`127.0.0.1:${fleet.port}`)
    expect(await json('status')).toMatchObject({
      leaving: false,
      workers: [{ stage: 'serving' }, { stage: 'serving' }],
    })
  })

  test('a core is drained and admitted again; one that is none is named', { timeout: 60_000 }, async () => {
    expect((await edge('cores', '--drain', 'core-1')).out).toMatch(/core-1 .*drained/)
    await until('core-2 alone answers', async () => [...(await answeredBy())].join() === 'core-2')
    await edge('cores', '--admit', 'core-1')
    await until('both answer', async () => (await answeredBy(60)).size === 2)
    const none = await edge('cores', '--drain', 'core-7')
    expect(none.code).not.toBe(0)
    expect(none.out).toContain('There is no core "core-7"')
  })

  test('a network is banned by hand, and let in again; what is none is said to be', { timeout: 60_000 }, async () => {
    expect((await edge('bans', '--ban', '192.0.2.0/24')).out).toContain('192.0.2.0/24')
    expect((await edge('bans', '--lift', '192.0.2.0/24')).out).toContain('Nobody is banned by hand')
    expect((await edge('bans', '--ban', 'everybody')).out).toContain('is no network')
  })

  test('where no edge is, that is what is said', { timeout: 60_000 }, async () => {
    const none = await countroom(fleet.dir, ['edge', 'status', '--socket', join(fleet.dir, 'nobody.sock')])
    expect(none.code).not.toBe(0)
    expect(none.out).toContain('No edge answers at')
  })
})

describe('the configuration', () => {
  test('one that is not valid is refused in words, and what was in force stays', { timeout: 60_000 }, async () => {
    const sound = JSON.stringify(fleet.config)
    for (const [text, words] of [
      ['{ "name": ', 'cannot be read'],
      [JSON.stringify({ ...fleet.config, workers: 0 }), 'workers'],
      [JSON.stringify({ ...fleet.config, cores: [] }), 'cores'],
      [JSON.stringify({ ...fleet.config, surprise: true }), 'surprise'],
      [
        JSON.stringify({ ...fleet.config, listen: { metrics: { host: '127.0.0.1', port: 1 } } }),
        '`listen` cannot change',
      ],
      [
        JSON.stringify({ ...fleet.config, tls: { ...(fleet.config.tls as object), cert: '/nowhere.pem' } }),
        'The certificate of tls cannot be used',
      ],
    ] as const) {
      fleet.writeText(text)
      const { status, body } = await fleet.admin('POST', '/reload')
      expect(status, words).toBe(422)
      expect((body as { problem: string }).problem).toContain(words)
      expect((await answeredBy(4)).size).toBeGreaterThan(0)
    }
    const said = await edge('reload')
    expect(said.code).not.toBe(0)
    expect(said.out).toContain('The certificate of tls cannot be used')
    expect((await edge('status')).out).toContain('NOT IN FORCE AS IT STANDS')
    fleet.writeText(sound)
    expect((await edge('reload')).code).toBe(0)
    expect((await edge('status')).code).toBe(0)
  })

  test('SIGHUP reads it anew', { timeout: 60_000 }, async () => {
    const { config } = await json<{ config: { readAt: string } }>('status')
    process.kill(fleet.pid, 'SIGHUP')
    await until(
      'it was read',
      async () => (await json<{ config: { readAt: string } }>('status')).config.readAt !== config.readAt,
    )
  })

  test('what a listener is made of takes new workers', { timeout: 60_000 }, async () => {
    const before = await fleet.workers()
    fleet.write({ limits: { ...(fleet.config.limits as object), keepAliveSecondsMax: 21 } })
    await until('others serve', async () => {
      const now = await fleet.workers()
      return now.length === 2 && now.every((pid) => !before.includes(pid))
    })
  })

  test('networks that a face is open to change where workers stand; a WebSocket from another ends', {
    timeout: 60_000,
  }, async () => {
    const before = await fleet.workers()
    const listeners = fleet.config.listeners as Record<string, object>
    const socket = await openSocket(fleet)
    const closed = new Promise((resolve) => socket.once('close', resolve))
    fleet.write({ listeners: { ...listeners, player: { ...listeners.player, networks: ['192.0.2.0/24'] } } })
    await closed
    await expect(openSocket(fleet)).rejects.toThrow()
    expect(await json('status')).toMatchObject({
      listeners: { player: `127.0.0.1:${fleet.port}, open to 1 network`, operator: expect.stringMatching(/:\d+$/) },
    })
    fleet.write({ listeners })
    const again = await opened()
    again.close()
    expect((await fleet.workers()).sort()).toEqual(before.sort())
  })

  test('routes are closed, opened and amended where workers stand, and nobody else loses a request', {
    timeout: 60_000,
  }, async () => {
    const before = await fleet.workers()
    const caller = openCaller(fleet, 4)
    const statusOf = async (method: 'GET' | 'POST', path: string, body?: string) =>
      (await caller.ask(method, path, body === undefined ? {} : { body })).status
    const socket = await openSocket(fleet)
    let going = true
    const others: number[] = []
    const asking = (async () => {
      while (going) others.push(await statusOf('GET', reads))
    })()
    fleet.write({ routes: [{ face: 'player', path: changes, closed: true }] })
    await until('it is closed', async () => (await statusOf('POST', changes, '{}')) === 503)
    const came = fleet.unkeyed().length
    const refused = await caller.ask('POST', changes, { body: '{}' })
    expect(refused.text).toContain('edge.route_closed')
    expect(fleet.unkeyed().length).toBe(came)
    fleet.write({ routes: [{ face: 'player', path: changes, method: 'POST', bodyBytesMax: 16 }] })
    await until(
      'a body is longer than it may be',
      async () => (await statusOf('POST', changes, `"${'x'.repeat(64)}"`)) === 413,
    )
    fleet.write({
      routes: [
        { face: 'player', path: '/api/**', closed: true },
        { face: 'player', path: reads, method: 'GET', closed: false },
      ],
    })
    await until('all but one are closed', async () => (await statusOf('GET', '/api/balance')) === 503)
    expect(await statusOf('GET', '/edge/health')).toBe(200)
    fleet.write({ routes: [] })
    await until('all are open', async () => (await statusOf('POST', changes, '{}')) !== 503)
    going = false
    await asking
    expect(others.length).toBeGreaterThan(10)
    expect([...new Set(others)]).toEqual([200])
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.close()
    await caller.close()
    expect((await fleet.workers()).sort()).toEqual(before.sort())
  })

  test('an amendment that says nothing sound is refused in words', { timeout: 60_000 }, async () => {
    for (const [routes, words] of [
      [[{ face: 'player', path: 'api/games' }], 'no path of a route'],
      [[{ face: 'player', path: '/edge/health', closed: true }], 'cannot be amended'],
      [[{ face: 'player', path: reads, class: 'urgent' }], 'class'],
      [
        [
          { face: 'player', path: reads },
          { face: 'player', path: reads, closed: true },
        ],
        'of the same route',
      ],
    ] as const) {
      fleet.write({ routes })
      const { status, body } = await fleet.admin('POST', '/reload')
      expect(status, words).toBe(422)
      expect((body as { problem: string }).problem).toContain(words)
    }
    fleet.write({ routes: [] })
    await edge('reload')
  })

  test('more workers and fewer', { timeout: 60_000 }, async () => {
    const [first] = await fleet.workers()
    fleet.write({ workers: 3 })
    await until('three serve', async () => (await fleet.workers()).length === 3)
    expect(await fleet.workers()).toContain(first)
    fleet.write({ workers: 2 })
    await until('two serve', async () => (await fleet.workers()).length === 2)
  })
})

test('who drains says so on every connection, tells WebSockets to come again (1012), and takes it back', {
  timeout: 60_000,
}, async () => {
  const socket = await openSocket(fleet)
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  expect((await edge('drain')).code).toBe(0)
  expect(await closed).toBe(1012)
  expect(socket.readyState).toBe(WebSocket.CLOSED)
  const caller = openCaller(fleet, 1)
  expect((await caller.ask('GET', reads)).status).toBe(200)
  expect((await caller.ask('GET', '/edge/health')).status).toBe(503)
  expect(await json('status')).toMatchObject({ leaving: true })
  await edge('drain', '--undo')
  await until('it is ready again', async () => (await caller.ask('GET', '/edge/health')).status === 200)
  await caller.close()
})
