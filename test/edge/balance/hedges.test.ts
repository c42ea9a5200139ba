import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../support/client.ts'
import { type EdgeLab, openEdgeLab } from '../../support/edge-lab.ts'

/** A safe request that is late is asked of a second core beside the first; one with a key never is. */
let lab: EdgeLab
const slowMs = 2500
let isLate = false
beforeAll(async () => {
  lab = await openEdgeLab(
    ({ url }, response) => {
      const holds = isLate && url.startsWith('/late') && claimed()
      setTimeout(() => response.end('{}'), holds ? slowMs : 0)
    },
    { cores: 2 },
  )
})
afterAll(() => lab?.stop())

/** Only the first to be asked is late. */
let asked = 0
const claimed = () => asked++ === 0

async function ask(target: string, method = 'GET'): Promise<{ ms: number; said: string }> {
  const begunMs = performance.now()
  const socket = await lab.open({ ALPNProtocols: ['http/1.1'] })
  const more = method === 'POST' ? 'idempotency-key: k\r\ncontent-type: application/json\r\ncontent-length: 2\r\n' : ''
  socket.write(`${method} ${target} HTTP/1.1\r\nhost: localhost\r\n${more}\r\n${method === 'POST' ? '{}' : ''}`)
  const said = String(await new Promise((resolve) => socket.once('data', resolve)))
  socket.destroy()
  return { ms: performance.now() - begunMs, said }
}

const seen = (target: string) => lab.cores.flatMap(({ asked }) => asked).filter(({ url }) => url === target).length

test('a read that is late is answered by another core, and both were asked', { timeout: 120_000 }, async () => {
  for (let i = 0; i < 150; i++) await ask('/early') // what is usual, and a budget
  isLate = true
  const { ms, said } = await ask('/late')
  expect(said).toMatch(/^HTTP\/1\.1 200 /)
  expect(seen('/late')).toBe(2)
  expect(ms).toBeLessThan(slowMs)
  const told = /^countroom_edge_hedges_total\{[^}]*listener="player"[^}]*\} [1-9]/m
  await until('the metric', async () => told.test(await lab.metrics()) || undefined)
})

test('what has a key waits for the one core that it was sent to', { timeout: 120_000 }, async () => {
  for (let i = 0; i < 150; i++) await ask('/early')
  asked = 0
  const { ms } = await ask('/late-and-keyed', 'POST')
  expect(seen('/late-and-keyed')).toBe(1)
  expect(ms).toBeGreaterThan(slowMs - 50)
})
