import { argon2Sync } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as keys from '#keys'
import { startTestKeys, type TestKeys } from '../../support/keys.ts'

let agent: TestKeys
beforeAll(async () => {
  agent = await startTestKeys()
})
afterAll(() => agent.stop())

test('argon2id is argon2id: the vector of RFC 9106, 5.3, and a hash of the reference implementation [S36]', async () => {
  const tag = argon2Sync('argon2id', {
    message: Buffer.alloc(32, 1),
    nonce: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    ...{ parallelism: 4, tagLength: 32, memory: 32, passes: 3 },
  })
  expect(tag.toString('hex')).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659')
  const reference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
  expect(await keys.verifyPassword(agent.keys, 'password', reference)).toBe(true)
  expect(await keys.verifyPassword(agent.keys, 'Password', reference)).toBe(false)
})

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
