import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'
import { host, lines } from './raw-requests.ts'

/** Cores that die of whatever they are asked: what has a key that a core takes for one is asked of another, and nothing else is asked twice. */
let lab: EdgeLab
beforeAll(async () => {
  lab = await openEdgeLab((_, response) => response.destroy(), { cores: 2, limits: { forwardSecondsMax: 1 } })
})
afterAll(() => lab?.stop())
afterEach(() => {
  for (const core of lab.cores) core.asked.length = 0
})
const asked = () => lab.cores.flatMap((core) => core.asked).length
const post = (...more: string[]) => lines('POST /x HTTP/1.1', host, 'connection: close', 'content-length: 0', ...more)

test.each([
  ['no key', []],
  ['an empty key', ['idempotency-key:']],
  ['a key of two words', ['idempotency-key: a b']],
  ['a key that is too long', [`idempotency-key: ${'a'.repeat(129)}`]],
])('%s: once, and the client is told that nobody knows', async (_, more) => {
  expect(await lab.say(post(...more), 5000)).toMatch(/^HTTP\/1\.1 502 [\s\S]*edge\.outcome_unknown/)
  expect(asked()).toBe(1)
})

test('a key that the next hop would not see is refused, and no core is asked', async () => {
  const said = await lab.say(post('idempotency-key: a', 'connection: idempotency-key'), 5000)
  expect(said).toMatch(/^HTTP\/1\.1 400 [\s\S]*edge\.connection/)
  expect(asked()).toBe(0)
})

test.each([['a'], ['!~'.repeat(64)]])('the key %s: again', async (key) => {
  await lab.say(post(`idempotency-key: ${key}`), 5000)
  expect(asked()).toBeGreaterThan(1)
})
