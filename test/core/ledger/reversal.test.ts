import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.stop())

const command = systemCommand('test')
let players = 0
const act = <T>(work: (tx: Parameters<typeof ledger.transfer>[0]) => Promise<T>) => db.sql.begin(work) as Promise<T>
const open = async (cash: bigint) => {
  const { wallet } = await act((tx) => ledger.openWallet(tx, command, { player: `plr_r${++players}`, currency: 'EUR' }))
  if (cash > 0n) await book(wallet, 'fund', [[{ house: 'gateway.clearing' }, { pocket: 'cash' }, cash]])
  return wallet
}
const book = (wallet: bigint, key: string, legs: Array<[ledger.Account, ledger.Account, bigint]>) =>
  act((tx) =>
    ledger.transfer(tx, command, {
      wallet,
      key,
      kind: 'test',
      legs: legs.map(([from, to, amount]) => ({ from, to, amount })),
    }),
  )
const cash = { pocket: 'cash' } as const
const revenue = { house: 'games.revenue' } as const
const reverse = (wallet: bigint, key: string, shortfall: ledger.Shortfall = 'debt') =>
  act((tx) => ledger.reverse(tx, command, { wallet, key, kind: 'reversal', shortfall }))
const cashOf = async (wallet: bigint) => (await ledger.balance(db.sql, wallet)).cash
const proves = async () => expect((await ledger.prove(db.sql)).checks.filter((check) => !check.ok)).toEqual([])

test('a transfer is taken back whole and once, with all its legs', async () => {
  const wallet = await open(100n)
  await book(wallet, 'bet', [
    [cash, revenue, 30n],
    [revenue, cash, 5n],
  ])
  expect(await cashOf(wallet)).toBe(75n)
  const first = await reverse(wallet, 'bet')
  expect(first).toMatchObject({ outcome: 'reversed', replayed: false })
  expect(await reverse(wallet, 'bet')).toMatchObject({ outcome: 'reversed', replayed: true })
  expect(await cashOf(wallet)).toBe(100n)
  await proves()
})

describe('money that is spent by now is taken back all the same', () => {
  test('as a debt, which stops play and is paid off by what comes in', async () => {
    const wallet = await open(0n)
    await book(wallet, 'win', [[revenue, cash, 80n]])
    await book(wallet, 'spent', [[cash, revenue, 50n]])
    await reverse(wallet, 'win', 'debt')
    expect(await cashOf(wallet)).toBe(-50n)
    await proves()
    await expect(book(wallet, 'bet', [[cash, revenue, 1n]])).rejects.toMatchObject({
      code: 'ledger.insufficient_funds',
    })
    await book(wallet, 'part', [[{ house: 'gateway.clearing' }, cash, 20n]])
    expect(await cashOf(wallet)).toBe(-30n)
    await book(wallet, 'rest', [[{ house: 'gateway.clearing' }, cash, 40n]])
    expect(await cashOf(wallet)).toBe(10n)
    await book(wallet, 'bet again', [[cash, revenue, 10n]])
    await proves()
  })

  test('or by the house, which says what it bore', async () => {
    const wallet = await open(0n)
    await book(wallet, 'win', [[revenue, cash, 80n]])
    await book(wallet, 'spent', [[cash, revenue, 50n]])
    await reverse(wallet, 'win', 'house')
    expect(await reverse(wallet, 'win', 'house')).toMatchObject({ replayed: true })
    expect(await cashOf(wallet)).toBe(0n)
    const [line] = (await ledger.statement(db.sql, wallet, { limit: 2 })).lines.slice(-1)
    expect(line).toMatchObject({ source: 'player.shortfalls', target: 'cash', amount: 50n })
    await proves()
  })
})

test('what the house bears is what this reversal leaves uncovered: an older debt stays the player’s', async () => {
  const wallet = await open(100n)
  await book(wallet, 'first', [[revenue, cash, 100n]])
  await book(wallet, 'second', [[revenue, cash, 50n]])
  await book(wallet, 'spent', [[cash, revenue, 250n]])
  await reverse(wallet, 'first', 'debt')
  expect(await cashOf(wallet)).toBe(-100n)
  await reverse(wallet, 'second', 'house')
  expect(await reverse(wallet, 'second', 'house')).toMatchObject({ replayed: true })
  expect(await cashOf(wallet)).toBe(-100n)
  await proves()
})

test('a reversal that comes first leaves a tombstone, and the transfer is refused for ever', async () => {
  const wallet = await open(100n)
  expect(await reverse(wallet, 'late')).toEqual({ outcome: 'tombstone', replayed: false })
  expect(await reverse(wallet, 'late')).toEqual({ outcome: 'tombstone', replayed: true })
  for (let i = 0; i < 2; i++)
    await expect(book(wallet, 'late', [[cash, revenue, 5n]])).rejects.toMatchObject({ code: 'ledger.reversed_before' })
  expect(await cashOf(wallet)).toBe(100n)
  await proves()
})

test('a transfer and its reversal at the same moment: the money is where it was, whoever is first', async () => {
  for (let i = 0; i < 20; i++) {
    const wallet = await open(100n)
    await Promise.allSettled([
      book(wallet, 'bet', [[cash, revenue, 60n]]),
      reverse(wallet, 'bet'),
      reverse(wallet, 'bet'),
    ])
    expect(await cashOf(wallet)).toBe(100n)
  }
  await proves()
})

test('a hold is taken back whole, not when part of it is gone; a release is not taken back', async () => {
  const wallet = await open(100n)
  const place = (hold: string) => act((tx) => ledger.hold(tx, command, { wallet, hold, amount: 40n, kind: 'hold' }))
  await place('h1')
  await reverse(wallet, 'hold:h1')
  expect(await ledger.balance(db.sql, wallet)).toMatchObject({ cash: 100n, held: 0n })
  await place('h2')
  const portion = { wallet, hold: 'h2', kind: 'capture', key: 'c', amount: 10n, to: 'gateway.clearing' as const }
  await act((tx) => ledger.capture(tx, command, portion))
  await expect(reverse(wallet, 'hold:h2')).rejects.toMatchObject({ kind: 'conflict' })
  await reverse(wallet, 'c') // what was captured comes back to cash
  expect(await ledger.balance(db.sql, wallet)).toMatchObject({ cash: 70n, held: 30n })
  await act((tx) => ledger.release(tx, command, { wallet, hold: 'h2', kind: 'release', key: 'r', amount: 30n }))
  await expect(reverse(wallet, 'r')).rejects.toMatchObject({ code: 'ledger.not_reversible' })
  await proves()
})

test('holds whose end has come are given back, each once, whoever runs it', async () => {
  const wallets = await Promise.all(Array.from({ length: 5 }, () => open(100n)))
  const end = new Date('2030-01-01T00:00:00Z')
  for (const wallet of wallets)
    for (const hold of ['a', 'b'])
      await act((tx) =>
        ledger.hold(tx, command, {
          wallet,
          hold,
          amount: 20n,
          kind: 'hold',
          ...(hold === 'a' ? { expiresAt: end } : {}),
        }),
      )
  await act((tx) =>
    ledger.capture(tx, command, { wallet: wallets[0]!, hold: 'a', kind: 'x', key: 'x', amount: 5n, to: 'taxes' }),
  )
  const later = { ...command, now: new Date(end.getTime() + 1) }
  expect(await act((tx) => ledger.expireHolds(tx, { ...command, now: new Date(end.getTime() - 1) }, 100))).toBe(0)
  const expired = await Promise.all(Array.from({ length: 4 }, () => act((tx) => ledger.expireHolds(tx, later, 100))))
  expect(expired.reduce((sum, count) => sum + count, 0)).toBe(5)
  expect(await ledger.balance(db.sql, wallets[0]!)).toMatchObject({ cash: 75n, held: 20n })
  expect(await ledger.balance(db.sql, wallets[1]!)).toMatchObject({ cash: 80n, held: 20n })
  await proves()
})

test('an adjustment needs an approval, and one approval adjusts once', async () => {
  const wallet = await open(100n)
  const adjust = (amount: bigint, approval: string) =>
    act((tx) => ledger.adjust(tx, command, { wallet, amount, approval }))
  for (const approval of ['', 'yes', 'prp_'])
    await expect(async () => adjust(5n, approval)).rejects.toMatchObject({ code: 'ledger.approval_missing' })
  await adjust(5n, 'prp_000001')
  expect((await adjust(5n, 'prp_000001')).replayed).toBe(true)
  await expect(adjust(6n, 'prp_000001')).rejects.toMatchObject({ code: 'base.key_reused' })
  await adjust(-105n, 'prp_000002')
  await expect(adjust(-1n, 'prp_000003')).rejects.toMatchObject({ code: 'ledger.insufficient_funds' })
  await expect(adjust(0n, 'prp_000004')).rejects.toMatchObject({ code: 'ledger.amount_invalid' })
  expect(await cashOf(wallet)).toBe(0n)
  await proves()
})

test('any currency, up to 10^18 minor units, and not beyond', async () => {
  for (const currency of ['JPY', 'KWD', 'BTC', 'USDT'] as const) {
    const { wallet } = await act((tx) => ledger.openWallet(tx, command, { player: `plr_${currency}`, currency }))
    const max = 10n ** 18n
    await book(wallet, 'all', [[{ house: 'gateway.clearing' }, cash, max]])
    await expect(book(wallet, 'more', [[{ house: 'gateway.clearing' }, cash, 1n]])).rejects.toMatchObject({
      code: 'ledger.amount_invalid',
    })
    await expect(
      book(wallet, 'huge', [
        [{ house: 'gateway.clearing' }, cash, 9n * 10n ** 18n],
        [cash, revenue, 9n * 10n ** 18n],
      ]),
    ).rejects.toMatchObject({ code: 'ledger.amount_invalid' })
    await book(wallet, 'back', [[cash, { house: 'gateway.clearing' }, max]])
  }
  await proves()
})
