import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Currency, currencies } from '#base'
import * as ledger from '#ledger'
import { bookkeeper } from '../../support/books.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

/** Files of the books. `COUNTROOM_EXTRACT_LINES` for the long one (200,000 by default; a million is what is promised). */
const linesMany = Number(process.env.COUNTROOM_EXTRACT_LINES ?? 200_000)

let db: TestDatabase
let books: ReturnType<typeof bookkeeper>
beforeAll(async () => {
  db = await openTestDatabase()
  books = bookkeeper(db)
})
afterAll(() => db.stop())

async function whole(chunks: AsyncIterable<string>): Promise<string[][]> {
  let text = ''
  for await (const chunk of chunks) text += chunk
  expect(text.endsWith('\r\n')).toBe(true)
  return text
    .slice(0, -2)
    .split('\r\n')
    .map((line) => line.split(','))
}
const statement = async (wallet: bigint, filter: ledger.StatementFilter = {}) =>
  whole(ledger.statementCsv(db.sql, await ledger.statementExtract(db.sql, wallet, filter)))

const decimals: Record<Currency, [one: string, most: string]> = {
  EUR: ['0.01', '10000000000000000.00'],
  GBP: ['0.01', '10000000000000000.00'],
  USD: ['0.01', '10000000000000000.00'],
  SEK: ['0.01', '10000000000000000.00'],
  JPY: ['1', '1000000000000000000'],
  KWD: ['0.001', '1000000000000000.000'],
  BTC: ['0.00000001', '10000000000.00000000'],
  USDT: ['0.000001', '1000000000000.000000'],
}
test.each(Object.keys(currencies) as Currency[])('%s is written with the decimals it has', async (currency) => {
  const wallet = await books.open(currency)
  const at = '2026-03-01T00:00:00Z'
  await books.move(wallet, 1n, { at })
  await books.move(wallet, -1n, { at, reference: '=HYPERLINK()', kind: 'fee', house: 'gateway.fees' })
  await books.move(wallet, 10n ** 18n, { at })
  const [one, most] = decimals[currency]
  const zero = one.replace('1', '0')
  const [head, ...lines] = await statement(wallet)
  expect(head).toEqual('at version transfer kind reference source target amount currency cash bonus held'.split(' '))
  const instant = '2026-03-01T00:00:00.000Z'
  expect(lines.map((cells) => cells.toSpliced(2, 1))).toEqual([
    [instant, '1', 'deposit', '', 'gateway.clearing', 'cash', one, currency, one, zero, zero],
    [instant, '2', 'fee', "'=HYPERLINK()", 'cash', 'gateway.fees', one, currency, zero, zero, zero],
    [instant, '3', 'deposit', '', 'gateway.clearing', 'cash', most, currency, most, zero, zero],
  ])
  const house = await whole(ledger.houseCsv(db.sql, await ledger.houseExtract(db.sql, { currency })))
  expect(house.map((cells) => [cells[1], cells[6]])).toEqual([
    ['account', 'amount'],
    ['gateway.clearing', `-${one}`],
    ['gateway.clearing', `-${most}`],
    ['gateway.fees', one],
  ])
})

test('a file holds what was booked when it was asked for, and what a filter lets through', async () => {
  const wallet = await books.open()
  const day = (n: number) => new Date(Date.UTC(2026, 4, n))
  for (let n = 1; n <= 20; n++) await books.move(wallet, 5n, { at: day(n), kind: n % 2 ? 'deposit' : 'round' })
  const extract = await ledger.statementExtract(db.sql, wallet, {})
  await books.move(wallet, 5n, { at: day(21) })
  expect(await whole(ledger.statementCsv(db.sql, extract))).toHaveLength(21)
  const versions = async (filter: ledger.StatementFilter) =>
    (await statement(wallet, filter)).slice(1).map((cells) => cells[1])
  expect(await versions({ from: day(18) })).toEqual(['18', '19', '20', '21'])
  expect(await versions({ from: day(3), until: day(6), kinds: ['deposit'] })).toEqual(['3', '5'])
  expect(await versions({ from: day(25) })).toEqual([])
  expect(await versions({ until: day(1) })).toEqual([])
})

test('entries of the house by time are those whose batch carries such an instant', async () => {
  const own = await openTestDatabase()
  const keeper = bookkeeper(own)
  const minute = (n: number) => new Date(Date.UTC(2026, 6, 1, 0, n))
  const instants: Date[] = []
  for (let i = 0; i < 3; i++) {
    const wallet = await keeper.open()
    for (let n = 0; n < 40; n++) {
      const at = minute(n * 3 + ((n * 5) % 9)) // clocks that differ by minutes
      instants.push(at)
      await keeper.move(wallet, 5n, { at, house: n % 4 ? 'gateway.clearing' : 'adjustments' })
    }
  }
  const windows = Array.from({ length: 130 }, (_, from) => [from, from + 1 + ((from * 7) % 40)] as const)
  for (const [from, until] of [...windows, [0, 200], [119, 400], [500, 600]] as const) {
    const filter = { from: minute(from), until: minute(until) }
    const rows = await whole(ledger.houseCsv(own.sql, await ledger.houseExtract(own.sql, filter)))
    const expected = instants.filter((at) => at >= filter.from && at < filter.until)
    expect(
      rows
        .slice(1)
        .map((cells) => cells[0])
        .sort(),
    ).toEqual(expected.map((at) => at.toISOString()).sort())
  }
  // Far from the window nothing is read: halving finds where it begins and ends.
  const { parts } = await ledger.houseExtract(own.sql, { from: minute(500), until: minute(600) })
  for (const { after, upTo } of parts) expect(after).toBe(upTo)
  await own.stop()
})

test('a file that reaches behind an archived month begins with the balance carried forward, or breaks off if it is archived meanwhile', async () => {
  const own = await openTestDatabase()
  const keeper = bookkeeper(own)
  await keeper.act((tx) => ledger.makePartitions(tx, new Date('2025-01-15T00:00:00Z'), 2))
  const wallet = await keeper.open()
  for (const at of ['2025-01-10T00:00:00Z', '2025-01-20T00:00:00Z', '2025-02-10T00:00:00Z', '2025-03-10T00:00:00Z'])
    await keeper.move(wallet, 100n, { at })
  const before = await ledger.statementExtract(own.sql, wallet, {})
  await keeper.act((tx) => ledger.detachMonth(tx, '2025-01-01'))
  const file = async (filter: ledger.StatementFilter) =>
    (await whole(ledger.statementCsv(own.sql, await ledger.statementExtract(own.sql, wallet, filter)))).slice(1)
  const opening = ['2025-01-20T00:00:00.000Z', '2', '', 'opening', '', '', '', '', 'EUR', '2.00', '0.00', '0.00']
  const [first, ...rest] = await file({})
  expect(first).toEqual(opening)
  expect(rest.map((cells) => cells[1])).toEqual(['3', '4'])
  expect((await file({ from: new Date('2025-02-01T00:00:00Z') })).map((cells) => cells[1])).toEqual(['3', '4'])
  expect((await file({ from: new Date('2025-01-15T00:00:00Z') }))[0]).toEqual(opening)
  await expect(whole(ledger.statementCsv(own.sql, before))).rejects.toMatchObject({ code: 'ledger.archived_meanwhile' })
  await own.stop()
})

test(`${linesMany.toLocaleString('en')} lines are written in constant memory to a slow reader, who holds no connection`, {
  timeout: 600_000,
}, async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const wallet = await books.open()
  await books.fill(wallet, linesMany, new Date('2026-01-01T00:00:00Z'))
  let lines = -1 // the header
  let bytes = 0
  let heapMax = 0
  let chunks = 0
  collect()
  const heapBefore = process.memoryUsage().heapUsed
  for await (const chunk of ledger.statementCsv(db.sql, await ledger.statementExtract(db.sql, wallet, {}))) {
    lines += chunk.split('\r\n').length - 1
    bytes += chunk.length
    if (++chunks % 8 !== 0) continue
    await new Promise((resolve) => setTimeout(resolve, 20))
    const [held] = await db.admin<Array<{ held: number }>>`
      select count(*)::int as held from pg_stat_activity
      where datname = current_database() and usename = 'countroom_app' and (state <> 'idle' or backend_xmin is not null)`
    expect(held?.held, 'a connection at work, or a snapshot kept').toBe(0)
    collect()
    heapMax = Math.max(heapMax, process.memoryUsage().heapUsed - heapBefore)
  }
  expect(lines).toBe(linesMany)
  expect(bytes, 'the file is larger than what may be in memory').toBeGreaterThan(16 * 1024 ** 2)
  expect(heapMax).toBeGreaterThan(0)
  expect(heapMax).toBeLessThan(8 * 1024 ** 2)
})
