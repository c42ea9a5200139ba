import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'
import { host, lines } from './raw-requests.ts'

/** Who takes their time over HTTP/1.1: each way ends by a clock that counts from a beginning, and costs nobody else anything. */
const large = 'x'.repeat(8 << 20)
let lab: EdgeLab
beforeAll(async () => {
  lab = await openEdgeLab(
    (asked, response) => {
      if (asked.url === '/slow') setTimeout(() => response.end('{"slow":true}'), 2500)
      else if (asked.url === '/large') response.end(large)
      else response.end('{}')
    },
    {
      limits: {
        headersSecondsMax: 1,
        requestSecondsMax: 1,
        answerSecondsMax: 2,
        keepAliveSecondsMax: 2,
        inFlightNetworkMax: 8,
      },
    },
  )
})
afterAll(() => lab?.stop())

type Line = { socket: TLSSocket; heard(): string; closed: Promise<string> }

async function line(): Promise<Line> {
  const socket = await lab.open()
  let heard = ''
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(heard)))
  return { socket, heard: () => heard, closed }
}

function drip(socket: TLSSocket, byte: string): void {
  const dripping = setInterval(() => socket.writable && socket.write(byte), 100)
  socket.on('close', () => clearInterval(dripping))
}

const slowBody = (path: string) => lines(`POST ${path} HTTP/1.1`, host, 'content-length: 1000')
const asked = () => lab.cores.flatMap((core) => core.asked.map(({ url }) => url))

test('a long answer may take its time, as long as its client hears it', { timeout: 30_000 }, async () => {
  const { socket, heard } = await line()
  socket.write(lines('GET /large HTTP/1.1', host))
  // A mebibyte a second: eight times as long as a whole answer may wait.
  const pausing = setInterval(() => {
    const before = heard().length
    socket.resume()
    socket.on('data', function enough() {
      if (heard().length - before < 1024 ** 2) return
      socket.off('data', enough)
      socket.pause()
    })
  }, 900)
  await expect.poll(() => heard().length, { timeout: 25_000 }).toBeGreaterThan(large.length)
  clearInterval(pausing)
  socket.destroy()
})

describe.concurrent('ends in time', () => {
  test.each<[string, string, string | undefined]>([
    ['nothing at all', '', undefined],
    ['half a head', 'GET /half HTTP/1.1\r\nhost: loc', undefined],
    ['a head in drips', 'GET /half HTTP/1.1\r\nx: ', 'a'],
    ['a body that does not come', slowBody('/half'), undefined],
    ['a body in drips', slowBody('/half'), 'x'],
  ])('%s', async (_, first, dripped) => {
    const { socket, closed } = await line()
    if (first) socket.write(first)
    if (dripped) drip(socket, dripped)
    const said = await closed
    if (first) expect(said).toMatch(/^HTTP\/1\.1 408 [\s\S]*"code":"edge.too_slow"/)
    expect(asked()).not.toContain('/half')
  })

  test('a body that does not come behind a request under way: that one is answered first', async () => {
    const { socket, closed } = await line()
    socket.write(lines('GET /slow HTTP/1.1', host) + slowBody('/half'))
    expect(await closed).toMatch(/^HTTP\/1\.1 200 [\s\S]*\{"slow":true\}[\s\S]*HTTP\/1\.1 408 /)
    expect(asked()).not.toContain('/half')
  })

  test('an answer that nobody reads', async () => {
    const socket = await lab.open()
    socket.on('error', () => {})
    socket.pause()
    socket.write(lines('GET /large HTTP/1.1', host))
    await new Promise((resolve) => setTimeout(resolve, 5000))
    let bytes = 0
    socket.on('data', (chunk) => {
      bytes += chunk.length
    })
    const closed = new Promise((resolve) => socket.once('close', resolve))
    socket.resume()
    await closed
    expect(bytes).toBeLessThan(large.length)
  })
})

test('who was too slow holds no place of those that one network may have under way', async () => {
  for (let round = 0; round < 3; round++) {
    const all = await Promise.all(Array.from({ length: 8 }, line))
    for (const { socket } of all) socket.write(slowBody('/half'))
    for (const { closed } of all) expect(await closed).toMatch(/^HTTP\/1\.1 408 /)
  }
  expect(await lab.say(lines('GET /x HTTP/1.1', host, 'connection: close'))).toMatch(/^HTTP\/1\.1 200 /)
})
