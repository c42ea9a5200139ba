import { afterAll, beforeAll, expect, test } from 'vitest'
import * as audit from '#audit'
import { money } from '#base'
import * as cashier from '#cashier'
import * as ledger from '#ledger'
import * as players from '#players'
import { openWorld, type World } from '../../support/world.ts'

/**
 * Significant events of GLI-19 2.8.8 that rooms write. Those of faces stand in test/host/audit-coverage.test.ts (a, b, d, e, f, n-iii), of
 * processes in test/host/lifetime.test.ts (c, h, i, j, k), of the books' proof in test/core/ledger/alarm.test.ts (g).
 */
let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const told = async (code: audit.Code, player: string) =>
  (await audit.search(world.sql, { code, player, limit: 20 })).reverse()
const eur = (minor: bigint) => money(minor, 'EUR')

test('an adjustment of a balance, once however often it is repeated, with what it was and is [GLI-2.8.8n-i] [GLI-B.3.2-2]', async () => {
  const { player, wallet } = await world.player(1000n)
  const adjust = () =>
    world.act((tx) => ledger.adjust(tx, world.command(), { wallet, amount: -250n, approval: 'prp_abcdef' }))
  await adjust()
  await adjust()
  expect(await told('ledger.adjusted', player)).toMatchObject([
    {
      id: expect.any(String),
      at: expect.any(String),
      actor: { id: 'test' },
      detail: { amount: '-250', currency: 'EUR', approval: 'prp_abcdef' },
      before: { cash: '1000' },
      after: { cash: '750' },
    },
  ])
})

test('a transfer that is taken back, and the debt that comes of it [GLI-2.8.8f] [GLI-2.8.8n-v]', async () => {
  const { player, wallet } = await world.player()
  const book = (key: string, from: ledger.Leg['from'], to: ledger.Leg['to'], amount: bigint) =>
    world.act((tx) => ledger.transfer(tx, world.command(), { wallet, key, kind: 'test', legs: [{ from, to, amount }] }))
  await book('in', { house: 'gateway.clearing' }, { pocket: 'cash' }, 500n)
  await book('out', { pocket: 'cash' }, { house: 'games.revenue' }, 400n)
  const reverse = () =>
    world.act((tx) => ledger.reverse(tx, world.command(), { wallet, key: 'in', kind: 'chargeback', shortfall: 'debt' }))
  await reverse()
  await reverse()
  expect(await told('ledger.reversed', player)).toMatchObject([
    { detail: { key: 'in' }, before: { cash: '100' }, after: { cash: '-400' } },
  ])
  expect(await told('ledger.balance_negative', player)).toMatchObject([{ detail: { amount: '-400' } }])
})

test('a large amount in, by itself or with others of a day, and once for the day [GLI-2.8.8n-iv]', async () => {
  const { player, wallet } = await world.player()
  const deposit = async (amount: bigint) => {
    const { id } = await world.act((tx) =>
      cashier.deposit(tx, world.command(), { player, wallet, amount: eur(amount), gateway: 'sandbox' }),
    )
    const event = { id: `evt_${id}`, type: 'payment.succeeded' as const, reference: id, object: `pay_${id}` }
    await world.act((tx) => cashier.apply(tx, world.command(), 'sandbox', { ...event, amount: eur(amount) }))
  }
  await deposit(1_999_99n) // below both bounds: 2,000 at once, 5,000 a day
  expect(await told('cashier.large_transaction', player)).toEqual([])
  await deposit(2_000_00n)
  await deposit(1_500_00n)
  await deposit(100_00n)
  const events = await told('cashier.large_transaction', player)
  expect(events.map(({ detail }) => [detail?.amount, detail?.aggregate])).toEqual([
    ['200000', undefined],
    ['150000', '549999'],
  ])
  expect(events[0]).toMatchObject({ detail: { direction: 'in', currency: 'EUR' } })
})

test('who suspended whom, why, and what the account was before [GLI-2.8.8n-iii] [GLI-2.9.5]', async () => {
  const { player } = await world.player()
  const command = { ...world.command(), actor: { kind: 'staff' as const, id: 'stf_eve' } }
  await world.act((tx) => players.suspend(tx, command, { player, reason: 'asked by the authority' }))
  expect(await told('players.suspended', player)).toMatchObject([
    {
      actor: { kind: 'staff', id: 'stf_eve' },
      reason: 'asked by the authority',
      before: { status: 'active' },
      after: { status: 'suspended' },
    },
  ])
})
