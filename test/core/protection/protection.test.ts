import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as protection from '#protection'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const hour = 3_600_000

test('tighter at once, looser after 24 hours, whatever is wished in whatever order [GLI-A.3.7a] [MGA-RG-1]', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ amount: fc.option(fc.bigInt(1n, 9n)), after: fc.integer({ min: 0, max: 30 }) }), {
        minLength: 1,
        maxLength: 5,
      }),
      async (wishes) => {
        const { player, wallet } = await world.player()
        let now = Date.now()
        let inForce: bigint | null = null
        let waiting: { amount: bigint | null; from: number } | undefined
        for (const { amount, after } of wishes) {
          now += after * hour
          if (waiting && waiting.from <= now) {
            inForce = waiting.amount
            waiting = undefined
          }
          await world.act((tx) =>
            protection.setLimit(tx, world.command(new Date(now)), { player, wallet, period: 'day', amount }),
          )
          const looser = amount === null ? inForce !== null : inForce !== null && amount > inForce
          waiting = looser ? { amount, from: now + 24 * hour } : undefined
          if (!looser) inForce = amount
          const [limit] = await protection.limits(world.sql, player, new Date(now))
          expect(limit?.amount ?? null).toBe(inForce)
        }
      },
    ),
    { numRuns: 15 },
  )
})

test('the most restrictive limit decides [GLI-2.5.5b]', async () => {
  const { player, wallet } = await world.player()
  for (const [period, amount] of [
    ['day', 100n],
    ['week', 50n],
  ] as const)
    await world.act((tx) => protection.setLimit(tx, world.command(), { player, wallet, period, amount }))
  const allow = (amount: bigint) => world.act((tx) => protection.allowDeposit(tx, world.command(), { player, amount }))
  await allow(50n)
  await expect(allow(51n)).rejects.toMatchObject({ code: 'protection.deposit_limit', detail: { period: 'week' } })
})

test('a bar holds from its commit to its end, cannot be shortened, and leaves withdrawing possible [GLI-A.3.8b-2] [GLI-A.3.8c]', async () => {
  const { player, wallet } = await world.player()
  const bar = await world.act((tx) => protection.exclude(tx, world.command(), { player, wallet, months: 6 }))
  await world.act((tx) => protection.coolOff(tx, world.command(), { player, wallet, hours: 24 }))
  const admit = (act: 'deposit' | 'bet' | 'withdraw', at = new Date()) =>
    protection.admit(world.sql, world.command(at), { wallet, act })
  await expect(admit('deposit')).rejects.toMatchObject({ code: 'protection.self_excluded' })
  await expect(admit('bet', new Date(bar.until.getTime() - 1))).rejects.toMatchObject({
    code: 'protection.self_excluded',
  })
  await admit('bet', bar.until)
  await admit('withdraw')
  await expect(world.sql`update protection.bars set until = now()`).rejects.toMatchObject({ code: '42501' })
  await expect(
    world.act((tx) => protection.exclude(tx, world.command(), { player, wallet, months: 5 })),
  ).rejects.toMatchObject({ code: 'protection.exclusion_length' })
})
