import { availableParallelism } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as keys from '#keys'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'

let agent: TestKeys
beforeAll(async () => {
  agent = await startTestKeys()
})
afterAll(() => agent.stop())

test('passwords that all come at once wait in a queue with an end: the rest are told at once, and later all goes on', {
  timeout: 60_000,
}, async () => {
  const hash = await keys.hashPassword(agent.keys, 'walrus tambourine quartz')
  const begunMs = performance.now()
  const refusedMs: number[] = []
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, () =>
      keys.verifyPassword(agent.keys, 'walrus tambourine quartz', hash).catch((error: { code?: string }) => {
        refusedMs.push(performance.now() - begunMs)
        return error.code
      }),
    ),
  )
  const atOnce = Math.max(1, Math.floor(availableParallelism() / 2))
  expect(outcomes.filter((outcome) => outcome === true)).toHaveLength(atOnce + 32)
  expect(outcomes.filter((outcome) => outcome === 'keys.passwords_busy')).toHaveLength(100 - atOnce - 32)
  expect(Math.max(...refusedMs)).toBeLessThan(2000)
  expect(await keys.verifyPassword(agent.keys, 'walrus tambourine quartz', hash)).toBe(true)
})
