import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLane, systemCommand } from '#base'
import * as ledger from '#ledger'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let db: TestDatabase
let lease: ledger.Lease
beforeAll(async () => {
  db = await openTestDatabase()
  lease = (await ledger.leaseLane(db.sql, 'test'))!
})
afterAll(() => db.stop())

const command = systemCommand('test')
let players = 0
const open = async (cash = 0n) => {
  const { wallet } = await db.sql.begin((tx) =>
    ledger.openWallet(tx, command, { player: `plr_${++players}`, currency: 'EUR' }),
  )
  if (cash > 0n)
    await book({
      wallet,
      key: 'fund',
      kind: 'deposit',
      legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount: cash }],
    })
  return wallet
}
const book = (order: ledger.Transfer) => db.sql.begin((tx) => ledger.transfer(tx, command, order))
const stake = (wallet: bigint, key: string, amount: bigint): ledger.Transfer => ({
  wallet,
  key,
  kind: 'round',
  legs: [{ from: { pocket: 'cash' }, to: { house: 'games.revenue' }, amount }],
})
const proves = async () => expect((await ledger.prove(db.sql)).checks.filter((check) => !check.ok)).toEqual([])

test('parallel bets never make a balance negative [GLI-4.3.3b] [CR-04]', async () => {
  const wallet = await open(1000n)
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => book(stake(wallet, `k${i}`, 100n))))
  expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(10)
  expect(await ledger.balance(db.sql, wallet)).toMatchObject({ cash: 0n, version: 11n })
  await proves()
})

test('a key does its work once; with another payload it is refused', async () => {
  const wallet = await open(1000n)
  const answers = await Promise.all(Array.from({ length: 10 }, () => book(stake(wallet, 'same', 70n))))
  expect(new Set(answers.map((answer) => answer.transfer)).size).toBe(1)
  expect(answers.filter((answer) => !answer.replayed)).toHaveLength(1)
  await expect(book(stake(wallet, 'same', 71n))).rejects.toMatchObject({ code: 'base.key_reused' })
  expect((await ledger.balance(db.sql, wallet)).cash).toBe(930n)
})

test('a batch agrees with a model, item by item: overdrafts, repeats, reused keys, unknown wallets', async () => {
  const wallets = await Promise.all(Array.from({ length: 6 }, () => open(500n)))
  const model = new Map(wallets.map((wallet) => [wallet, { cash: 500n, keys: new Map<string, bigint>() }]))
  const item = fc.record({
    who: fc.nat(6),
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    amount: fc.constantFrom(1n, 40n, 250n, 600n, 0n, -5n),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(item, { selector: ({ who }) => who, minLength: 1, maxLength: 7 }),
      async (items) => {
        const orders = items.map(({ who, key, amount }) => stake(wallets[who] ?? 999_999n, key, amount))
        const results = await ledger.postBatch(db.sql, lease, new Date(), orders)
        results.forEach((result, index) => {
          const { wallet, key, legs } = orders[index]!
          const amount = legs[0]!.amount
          const known = model.get(wallet)
          const before = known?.keys.get(key)
          const expected = !known
            ? 'wallet_unknown'
            : before !== undefined
              ? before === amount
                ? 'replayed'
                : 'key_reused'
              : amount <= 0n
                ? 'amount_invalid'
                : amount > known.cash
                  ? 'insufficient_funds'
                  : 'posted'
          expect(result.code).toBe(expected)
          if (expected === 'posted' && known) {
            known.cash -= amount
            known.keys.set(key, amount)
            expect(result.cash).toBe(known.cash)
          }
        })
      },
    ),
    { numRuns: 60 },
  )
  for (const [wallet, { cash }] of model) expect((await ledger.balance(db.sql, wallet)).cash).toBe(cash)
  await proves()
})

test('transfers with several legs stand or fall together', async () => {
  const wallet = await open(100n)
  await expect(
    book({
      wallet,
      key: 'two',
      kind: 'test',
      legs: [
        { from: { pocket: 'cash' }, to: { pocket: 'bonus' }, amount: 60n },
        { from: { pocket: 'cash' }, to: { house: 'games.revenue' }, amount: 60n },
      ],
    }),
  ).rejects.toMatchObject({ code: 'ledger.insufficient_funds' })
  expect(await ledger.balance(db.sql, wallet)).toMatchObject({ cash: 100n, bonus: 0n })
})

test('a hold is captured and released within what it holds, and no further', async () => {
  const wallet = await open(100n)
  await db.sql.begin((tx) => ledger.hold(tx, command, { wallet, hold: 'w1', amount: 80n, kind: 'hold' }))
  const part = { wallet, hold: 'w1', kind: 'capture', to: 'gateway.clearing' as const }
  await db.sql.begin((tx) => ledger.capture(tx, command, { ...part, key: 'c1', amount: 50n }))
  await expect(
    db.sql.begin((tx) => ledger.capture(tx, command, { ...part, key: 'c2', amount: 31n })),
  ).rejects.toMatchObject({ code: 'ledger.hold_exhausted' })
  await db.sql.begin((tx) =>
    ledger.release(tx, command, { wallet, hold: 'w1', kind: 'release', key: 'r1', amount: 30n }),
  )
  expect(await ledger.balance(db.sql, wallet)).toMatchObject({ cash: 50n, held: 0n })
  await proves()
})

test('a lane asks once per wallet and batch, and a lost lane books nothing', async () => {
  const wallet = await open(1000n)
  const sizes: number[] = []
  const lane = createLane<ledger.Transfer, ledger.PostResult>({
    run: (items) => {
      expect(new Set(items.map((item) => item.wallet)).size).toBe(items.length)
      return ledger.postBatch(db.sql, lease, new Date(), items)
    },
    batchMax: 64,
    queueMax: 500,
    deadlineMs: 10_000,
    isRetryable: () => false,
    isUnknown: () => false,
    onBatch: ({ size }) => sizes.push(size),
  })
  const others = await Promise.all(Array.from({ length: 20 }, () => open(10n)))
  const calls = [
    ...Array.from({ length: 20 }, (_, i) => stake(wallet, `lane${i}`, 1n)),
    ...others.map((other) => stake(other, 'one', 1n)),
  ]
  const results = await Promise.all(calls.map((call) => lane.submit(call.wallet, call)))
  expect(results.every((result) => result.code === 'posted')).toBe(true)
  expect(Math.max(...sizes)).toBeGreaterThan(10)
  await expect(
    ledger.postBatch(db.sql, { ...lease, holder: 'a stranger' }, new Date(), [stake(wallet, 'x', 1n)]),
  ).rejects.toMatchObject({ code: 'CR001' })
  await proves()
})

test('the sum of all books is zero at every instant, under load', async () => {
  const wallets = await Promise.all(Array.from({ length: 8 }, () => open(10_000n)))
  let busy = true
  const writers = wallets.map(async (wallet, w) => {
    for (let i = 0; busy; i++) await book(stake(wallet, `load${w}-${i}`, 1n))
  })
  for (let i = 0; i < 10; i++) {
    const proof = await db.sql.begin('isolation level repeatable read read only', (tx) => ledger.prove(tx))
    expect(proof.checks.filter((check) => !check.ok)).toEqual([])
  }
  busy = false
  await Promise.all(writers)
})

const faults: Array<[string, string]> = [
  [
    'a balance',
    'update ledger.wallets set cash = cash + 1 where wallet = (select min(wallet) from ledger.wallets where version > 0)',
  ],
  [
    'an amount',
    'update ledger.postings set amount = amount + 1 where version = 2 and wallet = (select min(wallet) from ledger.postings where version = 2)',
  ],
  [
    'a running balance',
    'update ledger.postings set cash = cash + 1 where version = 2 and wallet = (select min(wallet) from ledger.postings where version = 2)',
  ],
  [
    'an account',
    "update ledger.postings set target = 'taxes' where version = 2 and wallet = (select min(wallet) from ledger.postings where version = 2)",
  ],
  [
    'a removed posting',
    'delete from ledger.postings where version = 2 and wallet = (select min(wallet) from ledger.postings where version = 2)',
  ],
  ['a removed key', "delete from ledger.transfers where key = 'same'"],
  ['the house', 'update ledger.house set balance = balance + 1'],
  ['a house entry', 'update ledger.house_entries set amount = amount + 1 where version = 1'],
  ['a digest', 'update ledger.batches set digest = sha256(digest) where batch = 1'],
  ['a reference', "update ledger.postings set reference = 'x' where version = 1"],
  ['a hold', 'update ledger.holds set amount = amount + 1'],
]
test.each(faults)('%s changed by a superuser is found', async (_, change) => {
  let found: ledger.Proof | undefined
  await db.admin
    .begin(async (tx) => {
      await tx.unsafe('alter table ledger.wallets drop constraint if exists wallets_cash_not_negative')
      await tx.unsafe(change)
      found = await ledger.prove(tx)
      throw new Error('undo')
    })
    .catch(() => {})
  expect(found?.ok).toBe(false)
  expect(found?.checks.find((check) => !check.ok)?.firstBad).toBeTruthy()
})

test('the application can neither change nor remove what is booked [GLI-B.3.2-1]', async () => {
  for (const change of [
    'update ledger.postings set amount = 1',
    'delete from ledger.postings',
    'delete from ledger.transfers',
    'delete from ledger.batches',
  ])
    await expect(db.sql.unsafe(change)).rejects.toMatchObject({ code: '42501' })
})
