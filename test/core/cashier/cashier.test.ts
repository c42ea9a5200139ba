import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { money } from '#base'
import * as cashier from '#cashier'
import * as ledger from '#ledger'
import * as protection from '#protection'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const eur = (minor: bigint) => money(minor, 'EUR')
const card = { token: 'tok_1', brand: 'Visa', last4: '4242', expiry: '12/29', holder: 'Ada' }
const ask = async (cash = 0n) => {
  const player = await world.player(cash)
  const deposit = await world.act((tx) =>
    cashier.deposit(tx, world.command(), { ...player, amount: eur(5000n), gateway: 'sandbox' }),
  )
  return { ...player, deposit: deposit.id }
}
let events = 0
const told = (
  type: cashier.GatewayEvent['type'],
  reference: string,
  changes: Partial<cashier.GatewayEvent> = {},
): cashier.GatewayEvent => ({
  id: `evt_${++events}`,
  type,
  reference,
  object: `obj_${reference}`,
  amount: eur(5000n),
  authorisation: 'A1',
  instrument: card,
  ...changes,
})
const apply = (event: cashier.GatewayEvent) => world.act((tx) => cashier.apply(tx, world.command(), 'sandbox', event))
const cashOf = async (wallet: bigint) => ledger.balance(world.sql, wallet)

test('a deposit is credited once, whatever events come in whatever order [GLI-2.5.6c-1]', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('ok', 'ok', 'failed', 'wrong amount', 'wrong currency', 'other'), {
        minLength: 1,
        maxLength: 6,
      }),
      async (script) => {
        const { wallet, deposit } = await ask()
        for (const step of script)
          await apply(
            step === 'ok'
              ? told('payment.succeeded', deposit)
              : step === 'failed'
                ? told('payment.failed', deposit)
                : step === 'wrong amount'
                  ? told('payment.succeeded', deposit, { amount: eur(999_999n) })
                  : step === 'wrong currency'
                    ? told('payment.succeeded', deposit, { amount: money(5000n, 'USD') })
                    : told('other', deposit),
          )
        const { cash, held } = await cashOf(wallet)
        expect([0n, 5000n]).toContain(cash + held)
        if (!script.includes('ok')) expect(cash + held).toBe(0n)
      },
    ),
    { numRuns: 12 },
  )
  expect((await ledger.prove(world.sql)).ok).toBe(true)
})

test('twenty copies of one event at once credit once', async () => {
  const { wallet, deposit } = await ask()
  const event = told('payment.succeeded', deposit)
  await Promise.allSettled(Array.from({ length: 20 }, () => apply(event)))
  expect((await cashOf(wallet)).cash).toBe(5000n)
})

test('beyond a limit or for an excluded player no deposit begins, and late money is not spendable [CR-13] [CR-14]', async () => {
  const { player, wallet, deposit } = await ask()
  await world.act((tx) => protection.setLimit(tx, world.command(), { player, wallet, period: 'day', amount: 1000n }))
  const more = world.act((tx) =>
    cashier.deposit(tx, world.command(), { player, wallet, amount: eur(5000n), gateway: 'sandbox' }),
  )
  await expect(more).rejects.toMatchObject({ code: 'protection.deposit_limit' })
  await apply(told('payment.succeeded', deposit))
  expect(await cashOf(wallet)).toMatchObject({ cash: 0n, held: 5000n })

  const away = await ask()
  await world.act((tx) => protection.exclude(tx, world.command(), { ...away, months: 6 }))
  await expect(
    world.act((tx) => cashier.deposit(tx, world.command(), { ...away, amount: eur(5000n), gateway: 'sandbox' })),
  ).rejects.toMatchObject({
    code: 'protection.self_excluded',
  })
})

test('who watches learns how many deposits and withdrawals wait for a person, and since when', async () => {
  const of = async (what: cashier.Waits) => (await cashier.waiting(world.sql)).find((each) => each.what === what)!
  const before = { deposit: await of('deposit'), withdrawal: await of('withdrawal') }
  const { player, wallet, deposit } = await ask()
  await apply(told('payment.succeeded', deposit))
  const [own] = await cashier.instruments(world.sql, world.agent.keys, player)
  await world.act((tx) =>
    cashier.withdraw(tx, world.command(), { player, wallet, amount: eur(1000n), instrument: own!.id }),
  )
  expect(await of('withdrawal')).toMatchObject({ count: before.withdrawal.count + 1, since: expect.any(Date) })

  const away = await ask()
  await world.act((tx) => protection.exclude(tx, world.command(), { ...away, months: 6 }))
  await apply(told('payment.succeeded', away.deposit))
  expect(await of('deposit')).toMatchObject({ count: before.deposit.count + 1, since: expect.any(Date) })
  expect(await of('event')).toEqual({ what: 'event', count: 0, since: null })
})

test('two withdrawals cannot share the money; an excluded player can withdraw [GLI-A.3.8c] [S47]', async () => {
  const { player, wallet, deposit } = await ask()
  await apply(told('payment.succeeded', deposit))
  const [own] = await cashier.instruments(world.sql, world.agent.keys, player)
  await world.act((tx) => protection.exclude(tx, world.command(), { player, wallet, months: 6 }))
  const withdraw = () =>
    world.act((tx) =>
      cashier.withdraw(tx, world.command(), { player, wallet, amount: eur(3000n), instrument: own!.id }),
    )
  const both = await Promise.allSettled([withdraw(), withdraw()])
  expect(both.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
  expect(await cashOf(wallet)).toMatchObject({ cash: 2000n, held: 3000n })
})

test('money goes only to the player’s own card, and comes back when staff reject', async () => {
  const { player, wallet, deposit } = await ask()
  await apply(told('payment.succeeded', deposit))
  const stranger = await world.player(10_000n)
  const [own] = await cashier.instruments(world.sql, world.agent.keys, player)
  await expect(
    world.act((tx) =>
      cashier.withdraw(tx, world.command(), {
        player: stranger.player,
        wallet: stranger.wallet,
        amount: eur(1000n),
        instrument: own!.id,
      }),
    ),
  ).rejects.toMatchObject({ kind: 'absent' })
  const asked = await world.act((tx) =>
    cashier.withdraw(tx, world.command(), { player, wallet, amount: eur(3000n), instrument: own!.id }),
  )
  const staff = { ...world.command(), actor: { kind: 'staff' as const, id: 'stf_grace' } }
  await world.act((tx) => cashier.reject(tx, staff, { withdrawal: asked.id, reason: 'name differs' }))
  expect(await cashOf(wallet)).toMatchObject({ cash: 5000n, held: 0n })
  await expect(
    world.act((tx) => cashier.approve(tx, staff, { withdrawal: asked.id, reason: 'x' })),
  ).rejects.toMatchObject({ kind: 'conflict' })
  expect((await ledger.prove(world.sql)).ok).toBe(true)
})

test('while money is frozen none goes by the gateways either; what was approved before is sent afterwards', async () => {
  const { player, wallet, deposit } = await ask()
  await apply(told('payment.succeeded', deposit))
  const [own] = await cashier.instruments(world.sql, world.agent.keys, player)
  const withdraw = () =>
    world.act((tx) =>
      cashier.withdraw(tx, world.command(), { player, wallet, amount: eur(1000n), instrument: own!.id }),
    )
  const staff = { ...world.command(), actor: { kind: 'staff' as const, id: 'stf_grace' } }
  const approve = ({ id }: cashier.Withdrawal) =>
    world.act((tx) => cashier.approve(tx, staff, { withdrawal: id, reason: 'known player' }))
  const pay = (id: string) => world.act((tx) => cashier.pay(tx, world.command(), id))
  const [approved, asked] = [await withdraw(), await withdraw()]
  await approve(approved)

  await world.act((tx) => ledger.freeze(tx, { at: new Date(), by: 'core-1', evidence: {} }))
  try {
    await expect(approve(asked)).rejects.toMatchObject({ code: 'ledger.frozen' })
    await expect(
      world.act((tx) =>
        cashier.deposit(tx, world.command(), { player, wallet, amount: eur(5000n), gateway: 'sandbox' }),
      ),
    ).rejects.toMatchObject({ code: 'ledger.frozen' })
    const before = world.jobs.length
    expect(await pay(approved.id)).toBeUndefined()
    expect(await cashier.withdrawalOf(world.sql, approved.id)).toMatchObject({ state: 'approved', sentAt: null })
    expect(world.jobs.slice(before)).toMatchObject([
      { queue: 'payouts', data: { withdrawal: approved.id }, startAfter: expect.any(Date) },
    ])
  } finally {
    await world.admin.begin((tx) => ledger.lift(tx, { at: new Date(), by: 'ops', reason: 'nothing is missing' }))
  }
  expect(await pay(approved.id)).toMatchObject({ order: { withdrawal: approved.id } })
  expect((await approve(asked)).state).toBe('approved')
})
