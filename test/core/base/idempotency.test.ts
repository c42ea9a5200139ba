import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Claim, once } from '#base'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.stop())

const claim = (key: string, payload: unknown): Claim => ({ caller: 'plr_ada', operation: 'test.act', key, payload })

test('a repeat gets the original answer byte for byte, and the work is done once', async () => {
  let done = 0
  const act = () =>
    db.sql.begin((tx) =>
      once(tx, claim('k1', { b: 1, a: '2' }), async () => ({ status: 201, body: `{"done":${++done}}` })),
    )
  const first = await act()
  const repeat = await act()
  expect(first).toEqual({ status: 201, body: '{"done":1}', replayed: false })
  expect(repeat).toEqual({ ...first, replayed: true })
})

test('the same key with another payload is refused', async () => {
  const act = (payload: unknown) =>
    db.sql.begin((tx) => once(tx, claim('k2', payload), async () => ({ status: 200, body: '{}' })))
  await act({ amount: '1.00' })
  await expect(act({ amount: '2.00' })).rejects.toMatchObject({ code: 'base.key_reused' })
})

test('twenty callers with one key do the work once', async () => {
  let done = 0
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      db.sql.begin((tx) => once(tx, claim('k3', {}), async () => ({ status: 200, body: `${++done}` }))),
    ),
  )
  expect(done).toBe(1)
  expect(new Set(answers.map((answer) => answer.body))).toEqual(new Set(['1']))
})

test('refused work leaves no trace, so the key can be used again', async () => {
  const refused = db.sql.begin((tx) =>
    once(tx, claim('k4', {}), async () => {
      throw new Error('no')
    }),
  )
  await expect(refused).rejects.toThrow('no')
  const answer = await db.sql.begin((tx) => once(tx, claim('k4', {}), async () => ({ status: 200, body: 'yes' })))
  expect(answer.body).toBe('yes')
})
