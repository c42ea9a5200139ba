import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let db: TestDatabase
beforeAll(async () => {
  db = await openTestDatabase()
})
afterAll(() => db.stop())

type Tx = Parameters<typeof ledger.transfer>[0]
const act = <T>(work: (tx: Tx) => Promise<T>) => db.sql.begin(work) as Promise<T>
const at = (date: string) => systemCommand('test', new Date(date))
const stake = (wallet: bigint, key: string): ledger.Transfer => ({
  wallet,
  key,
  kind: 'round',
  legs: [{ from: { pocket: 'cash' }, to: { house: 'games.revenue' }, amount: 10n }],
})
const bad = async (options = {}) => (await ledger.prove(db.sql, options)).checks.filter((check) => !check.ok)

test('months are made ahead, once; what no month takes is booked all the same', async () => {
  const now = new Date('2031-05-20T12:00:00Z')
  const made = await act((tx) => ledger.makePartitions(tx, now, 2))
  expect(made).toEqual(['postings_2031_05', 'postings_2031_06', 'postings_2031_07'])
  expect(await act((tx) => ledger.makePartitions(tx, now, 2))).toEqual(made)
  expect(await ledger.attachedMonths(db.sql)).toEqual(expect.arrayContaining(['2031-05-01', '2031-07-01']))
  const { wallet } = await act((tx) => ledger.openWallet(tx, at('2050-01-01'), { player: 'plr_far', currency: 'EUR' }))
  await act((tx) =>
    ledger.transfer(tx, at('2050-01-01T00:00:00Z'), {
      ...stake(wallet, 'far'),
      legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount: 1n }],
    }),
  )
  expect(await bad()).toEqual([])
})

test('an old month is detached: keys still answer, the books still prove, and what is left of it is a table', async () => {
  await act((tx) => ledger.makePartitions(tx, new Date('2025-01-15T00:00:00Z'), 2))
  const wallets: bigint[] = []
  for (let i = 0; i < 4; i++) {
    const opened = await act((tx) => ledger.openWallet(tx, at('2025-01-02'), { player: `plr_a${i}`, currency: 'EUR' }))
    wallets.push(opened.wallet)
    await act((tx) =>
      ledger.transfer(tx, at('2025-01-02T10:00:00Z'), {
        wallet: opened.wallet,
        key: 'fund',
        kind: 'deposit',
        legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount: 1000n }],
      }),
    )
    await act((tx) => ledger.transfer(tx, at('2025-01-03T10:00:00Z'), stake(opened.wallet, 'january')))
    if (i > 0) await act((tx) => ledger.transfer(tx, at('2025-02-03T10:00:00Z'), stake(opened.wallet, 'february')))
  }
  expect(await bad()).toEqual([])
  await expect(act((tx) => ledger.detachMonth(tx, '2025-02-01'))).rejects.toMatchObject({ code: 'CR003' })
  expect(await act((tx) => ledger.detachMonth(tx, '2025-01-01'))).toBe('ledger.archived_postings_2025_01')
  expect(await bad()).toEqual([])
  const [archived] = await db.admin<
    Array<{ count: number }>
  >`select count(*)::int from ledger.archived_postings_2025_01`
  expect(archived?.count).toBe(8)

  const repeat = await act((tx) => ledger.transfer(tx, at('2025-03-01T10:00:00Z'), stake(wallets[0]!, 'january')))
  expect(repeat).toMatchObject({ replayed: true, cash: 990n })
  await act((tx) => ledger.transfer(tx, at('2025-03-01T10:00:00Z'), stake(wallets[0]!, 'march')))
  expect(await ledger.balance(db.sql, wallets[0]!)).toMatchObject({ cash: 980n, version: 3n })
  await expect(
    act((tx) =>
      ledger.reverse(tx, at('2025-03-02'), { wallet: wallets[0]!, key: 'january', kind: 'x', shortfall: 'debt' }),
    ),
  ).rejects.toMatchObject({ code: 'ledger.not_reversible' })
  expect(await bad()).toEqual([])
  await act((tx) => ledger.detachMonth(tx, '2025-02-01'))
  expect(await bad()).toEqual([])
})

test('a month that is not over for 120 days, and keys that are not older, stay [RTS-1B-1]', async () => {
  const months = await ledger.attachedMonths(db.sql)
  for (const month of months.filter((name) => name < '2025-06')) await act((tx) => ledger.detachMonth(tx, month))
  const recent = (await ledger.attachedMonths(db.sql))[0]!
  await expect(act((tx) => ledger.detachMonth(tx, recent))).rejects.toMatchObject({ code: 'CR002' })
  await expect(act((tx) => ledger.expireKeys(tx, new Date(Date.now() - 119 * 86_400_000), 10))).rejects.toMatchObject({
    code: 'CR002',
  })
})

test('keys grow old and are forgotten; the books still prove', async () => {
  const [{ count: before } = { count: 0 }] = await db.sql<
    Array<{ count: number }>
  >`select count(*)::int from ledger.transfers where at < '2025-06-01'`
  expect(before).toBeGreaterThan(5)
  expect(await act((tx) => ledger.expireKeys(tx, new Date('2025-06-01T00:00:00Z'), 5))).toBe(5)
  while ((await act((tx) => ledger.expireKeys(tx, new Date('2025-06-01T00:00:00Z'), 5))) > 0);
  expect(await bad()).toEqual([])
})

test('a proof of what is new looks at the new only, and still sees that it follows from the old', async () => {
  const { wallet } = await act((tx) => ledger.openWallet(tx, at('2026-01-01'), { player: 'plr_inc', currency: 'EUR' }))
  const book = (key: string, date: string) =>
    act((tx) =>
      ledger.transfer(tx, at(date), {
        wallet,
        key,
        kind: 'deposit',
        legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount: 100n }],
      }),
    )
  for (const [key, date] of [
    ['a', '2026-03-01'],
    ['b', '2026-03-02'],
    ['c', '2026-06-01'],
    ['d', '2026-06-02'],
  ] as const)
    await book(key, date)
  const since = new Date('2026-05-01T00:00:00Z')
  const now = new Date('2026-06-03T00:00:00Z')
  const with_ = async (change: string) => {
    let found: ledger.Proof['checks'] = []
    await db.admin
      .begin(async (tx) => {
        await tx.unsafe(change)
        found = (await ledger.prove(tx, { since, now })).checks.filter((check) => !check.ok)
        throw new Error('undo')
      })
      .catch(() => {})
    return found.map((check) => check.name)
  }
  expect(await bad({ since, now })).toEqual([])
  expect(await with_(`update ledger.postings set kind = 'x' where wallet = ${wallet} and version = 1`)).toEqual([]) // old: seen by the whole proof
  expect(await with_(`update ledger.postings set kind = 'x' where wallet = ${wallet} and version = 3`)).not.toEqual([])
  expect(
    await with_(`update ledger.postings set cash = cash + 1 where wallet = ${wallet} and version = 2`),
  ).not.toEqual([]) // the seam
  expect(await with_(`delete from ledger.postings where wallet = ${wallet} and version = 2`)).not.toEqual([])
})
