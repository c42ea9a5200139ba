import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'
import { frame, get, Talk, types } from '../support/frames.ts'
import { host, lines } from './raw-requests.ts'

/** Many who ask and do not read, more than there are connections to the core: whoever moves money, asks anything else or probes is not held up. */
const asset = 'x'.repeat(150_000)
const large = 'x'.repeat(6 << 20)
let lab: EdgeLab
beforeAll(async () => {
  lab = await openEdgeLab(
    (asked, response) => {
      const body = asked.url.startsWith('/asset') ? asset : asked.url === '/large' ? large : '{}'
      response.setHeader('content-length', body.length).end(body)
    },
    { cores: 1, limits: { coreConnectionsMax: 4, answersBytesHeldMax: 8 << 20, answerSecondsMax: 60 } },
  )
})
afterAll(() => lab?.stop())
const readers: Array<{ destroy(): void }> = []
afterEach(() => {
  for (const each of readers.splice(0)) each.destroy()
})

const bet = `${lines(
  'POST /api/games/roulette-european/rounds HTTP/1.1',
  host,
  'connection: close',
  'content-type: application/json',
  'content-length: 2',
  'idempotency-key: a',
)}{}`

/** Longer than a probe waits, then everything else is asked. */
async function expectOthersServed(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 3000))
  expect(await lab.say(bet, 20_000)).toMatch(/^HTTP\/1\.1 200 /)
  expect(await lab.say(lines('GET /x HTTP/1.1', host, 'connection: close'), 20_000)).toMatch(/^HTTP\/1\.1 200 /)
  const health = await lab.say(lines('GET /edge/health HTTP/1.1', host, 'connection: close'), 20_000)
  expect(health).toContain('"healthy":true')
}

/** Over HTTP/2, without a window. */
async function deafTalk(streams: number, path: string): Promise<Talk> {
  const talk = await Talk.open(lab)
  readers.push(talk.socket)
  talk.write(frame(types.settings, 0, 0, Buffer.of(0, 4, 0, 0, 0, 0)))
  for (let i = 0; i < streams; i++) talk.ask(2 * i + 1, get(path))
  return talk
}

async function deafSocket(path: string): Promise<TLSSocket> {
  const socket = await lab.open()
  readers.push(socket.on('error', () => {}))
  socket.pause()
  socket.write(lines(`GET ${path} HTTP/1.1`, host))
  return socket
}

describe('nobody is held up', () => {
  test('by files that nobody reads over HTTP/2', async () => {
    for (let i = 0; i < 2; i++) await deafTalk(20, '/asset')
    await expectOthersServed()
  })

  test.each(['/asset', '/large'])('by %s that nobody reads over HTTP/1.1', async (path) => {
    await Promise.all(Array.from({ length: 8 }, () => deafSocket(path)))
    await expectOthersServed()
  })

  test('by what is too large to be kept, over HTTP/2', async () => {
    await deafTalk(8, '/large')
    await expectOthersServed()
  })
})

test('who reads slowly gets all of it in the end', async () => {
  const talk = await deafTalk(1, '/asset')
  await talk.until('the head', () => talk.heard(1).status === 200)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const more = Buffer.alloc(4)
  more.writeUInt32BE(1 << 20)
  talk.write(frame(types.windowUpdate, 0, 0, more), frame(types.windowUpdate, 0, 1, more))
  expect((await talk.answer(1)).body.length).toBe(asset.length)
  const socket = await deafSocket('/large')
  await new Promise((resolve) => setTimeout(resolve, 1000))
  let bytes = 0
  socket.on('data', (chunk) => {
    bytes += chunk.length
    if (bytes >= large.length) socket.emit('all')
  })
  const all = new Promise((resolve) => socket.once('all', resolve))
  socket.resume()
  await all
})

test('where more is not read than there is room for, who has waited longest is given up', async () => {
  const talk = await deafTalk(99, '/asset') // of 150 KB each, where 8 MB are kept
  await talk.until('the end of the first', () => talk.heard(1).reset !== undefined)
  const given = () =>
    Array.from({ length: 99 }, (_, i) => talk.heard(2 * i + 1).reset).filter((reset) => reset !== undefined)
  await talk.until('the end of as many as there is no room for', () => given().length >= 40)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  expect(given().length).toBeLessThan(70)
})
