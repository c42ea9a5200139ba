import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Currency, currencies, type Reader } from '#base'
import * as ledger from '#ledger'
import { bookkeeper } from '../../support/books.ts'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'

let db: TestDatabase
let books: ReturnType<typeof bookkeeper>
beforeAll(async () => {
  db = await openTestDatabase()
  books = bookkeeper(db)
})
afterAll(() => db.stop())

type Filter = ledger.StatementFilter & { limit?: number }

/** All pages one after the other, as a client asks for them. */
async function read(wallet: bigint, { limit = 7, ...filter }: Filter = {}, from = db) {
  const lines: ledger.StatementLine[] = []
  let before: bigint | null = null
  let pages = 0
  for (;;) {
    const page: ledger.StatementPage = await ledger.statement(from.sql, wallet, {
      ...filter,
      limit,
      ...(before === null ? {} : { before }),
    })
    lines.push(...page.lines)
    pages++
    before = page.before
    if (before === null) return { lines, pages, opening: page.opening }
  }
}

test('pages neither shift, skip nor repeat while somebody books', async () => {
  const wallet = await books.open()
  for (let i = 0; i < 30; i++) await books.move(wallet, 1n)
  let writing = true
  let written = 30
  const writer = (async () => {
    for (; writing; written++) await books.move(wallet, 1n)
  })()
  for (let round = 0; round < 10; round++) {
    const first = (await ledger.statement(db.sql, wallet, { limit: 1 })).lines[0]!.version
    const { lines } = await read(wallet)
    expect(lines[0]!.version).toBeGreaterThanOrEqual(first)
    const expected = Array.from({ length: lines.length }, (_, i) => lines[0]!.version - BigInt(i))
    expect(lines.map((line) => line.version)).toEqual(expected)
    expect(lines.at(-1)!.version).toBe(1n)
    for (const line of lines) expect(line.cash).toBe(line.version) // the running balance: one unit each
  }
  writing = false
  await writer
  expect(written, 'somebody booked meanwhile').toBeGreaterThan(50)
})

describe('filters', () => {
  const start = Date.parse('2026-02-20T00:00:00Z')
  const hours = (n: number) => new Date(start + n * 3_600_000)
  let wallet: bigint
  let all: ledger.StatementLine[]
  beforeAll(async () => {
    wallet = await books.open()
    for (let i = 0; i < 60; i++)
      await books.move(wallet, i % 3 === 0 ? 100n : -7n, {
        at: hours(i * 12 + ((i * 7) % 5)), // over a month's end, and not always rising
        kind: ['deposit', 'round', 'fee'][i % 3]!,
        house: (['gateway.clearing', 'games.revenue', 'gateway.fees'] as const)[i % 3]!,
        reference: `ref_${i % 4}`,
      })
    all = (await read(wallet)).lines
    expect(all).toHaveLength(60)
  })

  test('show all lines that hold for all of them, and no other, at every size of page', async () => {
    const option = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
    const instant = fc.oneof(fc.nat(800).map(hours), fc.constantFrom(...all.map((line) => line.at)))
    const wish = fc.record({
      kinds: option(fc.subarray(['deposit', 'round', 'fee', 'none'], { minLength: 1 })),
      from: option(instant),
      until: option(instant),
      account: option(fc.constantFrom('cash' as const, 'held' as const, 'games.revenue' as const)),
      reference: option(fc.constantFrom('ref_1', 'ref_2')),
      limit: fc.integer({ min: 1, max: 70 }),
    })
    await fc.assert(
      fc.asyncProperty(wish, async ({ limit, ...wanted }) => {
        const filter = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)) as Filter
        const { kinds, from, until, account, reference } = filter
        const expected = all.filter(
          (line) =>
            (kinds === undefined || kinds.includes(line.kind)) &&
            (from === undefined || line.at >= from) &&
            (until === undefined || line.at < until) &&
            (account === undefined || line.source === account || line.target === account) &&
            (reference === undefined || line.reference === reference),
        )
        expect((await read(wallet, { ...filter, limit })).lines).toEqual(expected)
      }),
      { numRuns: 100 },
    )
  })

  test('nothing leaves an empty page that is the last', async () => {
    expect(await read(wallet, { kinds: ['none'] })).toEqual({ lines: [], pages: 1, opening: null })
    await expect(ledger.statement(db.sql, 999_999n, { limit: 1 })).rejects.toMatchObject({
      code: 'ledger.wallet_unknown',
    })
  })
})

describe('a wallet of 60,000 lines in 60 months', () => {
  const from = new Date('2021-01-01T00:00:00Z')
  let wallet: bigint
  beforeAll(async () => {
    await books.act((tx) => ledger.makePartitions(tx, from, 59))
    wallet = await books.open()
    await books.fill(wallet, 60_000, from, 2628)
  })

  /** How many rows of how many months a question touched, as the server counts them for this connection. */
  const cost = (ask: (reader: Reader) => Promise<unknown>) =>
    books.act(async (tx) => {
      const count = async () => {
        const rows = await tx<Array<{ relname: string; rows: number; scans: number }>>`
          select relname, (coalesce(idx_tup_fetch, 0) + seq_tup_read)::int as rows, (coalesce(idx_scan, 0) + seq_scan)::int as scans
          from pg_stat_xact_user_tables where schemaname = 'ledger' and relname like 'postings%'`
        return new Map(rows.map((row) => [row.relname, row]))
      }
      const before = await count()
      await ask(tx)
      const grown = [...(await count()).values()].map(({ relname, rows, scans }) => ({
        rows: rows - (before.get(relname)?.rows ?? 0),
        scans: scans - (before.get(relname)?.scans ?? 0),
      }))
      return {
        rows: grown.reduce((sum, { rows }) => sum + rows, 0),
        months: grown.filter(({ scans }) => scans > 0).length,
      }
    })

  test('a page reads its lines and no more than one of each month besides', async () => {
    for (const before of [undefined, 30_000n, 51n])
      expect(
        (await cost((tx) => ledger.statement(tx, wallet, { limit: 50, ...(before ? { before } : {}) }))).rows,
      ).toBeLessThanOrEqual(50 + 1 + 60)
  })

  test('a time filter leaves the other months alone', async () => {
    const week = { from: new Date('2023-05-10T00:00:00Z'), until: new Date('2023-05-17T00:00:00Z') }
    const found = await cost((tx) => ledger.statement(tx, wallet, { ...week, limit: 500 }))
    expect(found.months).toBeLessThanOrEqual(2) // that month, and where no month is
    expect(found.rows).toBeLessThanOrEqual(1100) // a month's lines
  })

  test('a balance of the past reads one month, and one line of each older one', async () => {
    const found = await cost((tx) => ledger.balanceAt(tx, wallet, new Date('2023-05-10T00:00:00Z')))
    expect(found.rows).toBeLessThanOrEqual(1000 + 60)
  })

  test('a page looks at a bounded number of lines, however rare what it looks for, and still finds all', async () => {
    const found = await cost((tx) => ledger.statement(tx, wallet, { kinds: ['nothing'], limit: 50 }))
    expect(found.rows).toBeLessThanOrEqual(2 * (20_000 + 60))
    const { lines, pages } = await read(wallet, { kinds: ['deposit'], limit: 50 })
    expect(lines.map((line) => line.version)).toEqual(Array.from({ length: 60 }, (_, i) => BigInt(60_000 - i * 1000)))
    expect(pages).toBeGreaterThan(2)
  })
})

test('the balance at every past instant is the model’s, also when clocks differ and once a month is archived', async () => {
  const own = await openTestDatabase()
  const keeper = bookkeeper(own)
  const january = Date.parse('2025-01-01T00:00:00Z')
  const days = 86_400_000
  await keeper.act((tx) => ledger.makePartitions(tx, new Date(january), 3))
  type Line = { version: bigint; at: number; cash: bigint }
  const step = fc.record({
    wait: fc.oneof(fc.nat(4 * days), fc.nat(300_000)),
    skew: fc.nat(600_000),
    amount: fc.bigInt({ min: 1n, max: 1000n }),
  })
  const histories: Array<{ wallet: bigint; lines: Line[]; instants: number[] }> = []
  const model = (lines: readonly Line[], at: number) => lines.findLast((line) => line.at <= at)?.cash ?? 0n
  const asked = (wallet: bigint, at: number) =>
    ledger.balanceAt(own.sql, wallet, new Date(at)).then(
      ({ cash }) => cash,
      (error: { code: string }) => error.code,
    )

  await fc.assert(
    fc.asyncProperty(
      fc.nat(31 * days),
      fc.array(step, { minLength: 1, maxLength: 25 }),
      fc.array(fc.nat(100 * days), { maxLength: 8 }),
      async (begin, steps, some) => {
        const wallet = await keeper.open()
        const lines: Line[] = []
        let clock = january + begin
        for (const { wait, skew, amount } of steps) {
          clock += wait
          const at = Math.max(january, clock - skew) // the other writer's clock is behind
          const { cash, version } = await keeper.move(wallet, amount, { at: new Date(at) })
          lines.push({ version, at, cash })
        }
        const instants = [...some.map((n) => january + n), ...lines.flatMap(({ at }) => [at - 1, at, at + 1])]
        for (const at of instants) expect(await asked(wallet, at)).toBe(model(lines, at))
        histories.push({ wallet, lines, instants })
      },
    ),
    { numRuns: 30 },
  )

  await keeper.act((tx) => ledger.detachMonth(tx, '2025-01-01'))
  let refused = 0
  for (const { wallet, lines, instants } of histories) {
    const { lines: left, opening } = await read(wallet, {}, own)
    const gone = lines.filter((line) => !left.some(({ version }) => version === line.version))
    const tellsFrom = Math.max(...gone.map((line) => line.at), Number.NEGATIVE_INFINITY)
    for (const at of instants) {
      const knows = at >= tellsFrom || left.some((line) => line.at.getTime() <= at)
      expect(await asked(wallet, at)).toBe(knows ? model(lines, at) : 'ledger.archived')
      if (!knows) refused++
    }
    expect(opening && { version: opening.version, cash: opening.cash, at: opening.at.getTime() }).toEqual(
      gone.length === 0 ? null : { version: gone.at(-1)!.version, cash: gone.at(-1)!.cash, at: tellsFrom },
    )
    const later = { from: new Date(tellsFrom + 1) }
    if (gone.length > 0) expect((await read(wallet, later, own)).opening, 'nothing asked for is missing').toBeNull()
  }
  expect(refused).toBeGreaterThan(0)
  await own.stop()
})

describe('sizes', () => {
  const most = 10n ** 18n

  test.each(Object.keys(currencies) as Currency[])(
    '%s: a wallet holds 10^18 minor units and not one more; their sum is exact',
    async (currency) => {
      const lease = (await ledger.leaseLane(db.sql, `sizes ${currency}`))!
      const wallets = await Promise.all(Array.from({ length: 12 }, () => books.open(currency)))
      const give = (wallet: bigint, amount: bigint, key: string): ledger.Transfer => ({
        wallet,
        key,
        kind: 'deposit',
        legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount }],
      })
      const before = await state(currency)
      for (const wallet of wallets) {
        const codes: string[] = []
        for (const [key, amount] of [
          ['over', most + 1n],
          ['most', most],
          ['one more', 1n],
        ] as const)
          codes.push((await ledger.postBatch(db.sql, lease, new Date(), [give(wallet, amount, key)]))[0]!.code)
        expect(codes).toEqual(['amount_invalid', 'posted', 'amount_invalid'])
        await expect(books.move(wallet, most + 1n)).rejects.toMatchObject({ code: 'ledger.amount_invalid' })
      }
      const after = await state(currency)
      const sum = 12n * most // beyond 64 bits, all of it on one account of one lane
      expect(after.liability - before.liability).toBe(sum)
      expect(after.clearing - before.clearing).toBe(-sum)
      expect(after.trial, 'what is given to wallets is taken from the house').toBe(before.trial)
    },
  )

  test('books of that size prove', async () => {
    const own = await openTestDatabase()
    const keeper = bookkeeper(own)
    // Wallets 16 apart share a lane.
    for (let i = 0; i < 16 * 10 + 1; i++) {
      const wallet = await keeper.open('BTC')
      if (wallet % 16n === 1n) await keeper.move(wallet, most)
    }
    // And a batch that nets as much at once.
    const deposits: ledger.Transfer[] = []
    for (let i = 0; i < 12; i++)
      deposits.push({
        wallet: await keeper.open('BTC'),
        key: 'most',
        kind: 'deposit',
        legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount: most }],
      })
    const lease = (await ledger.leaseLane(own.sql, 'most'))!
    const posted = await ledger.postBatch(own.sql, lease, new Date(), deposits)
    expect(posted.every(({ code }) => code === 'posted')).toBe(true)
    const [house] = await ledger.houseBalances(own.sql)
    expect(house).toEqual({ account: 'gateway.clearing', currency: 'BTC', balance: -23n * most })
    expect((await ledger.prove(own.sql)).checks.filter((check) => !check.ok)).toEqual([])
    await own.stop()
  })

  async function state(currency: Currency) {
    const liability = (await ledger.liability(db.sql)).find((each) => each.currency === currency)
    const clearing = (await ledger.houseBalances(db.sql)).find(
      (each) => each.currency === currency && each.account === 'gateway.clearing',
    )
    const [trial] = await db.sql<Array<{ sum: string }>>`
      select coalesce(sum(balance), 0)::text as sum from ledger.balances where currency = ${currency}`
    return { liability: liability?.owed ?? 0n, clearing: clearing?.balance ?? 0n, trial: trial!.sum }
  }
})

test('liability counts cash, bonus and held, and sets no player’s debt off against another’s money [GLI-2.9.3a]', async () => {
  const own = await openTestDatabase()
  const keeper = bookkeeper(own)
  const [rich, debtor, holder] = [await keeper.open(), await keeper.open(), await keeper.open()]
  await keeper.move(rich, 1000n)
  const leg = (from: ledger.Account, to: ledger.Account, amount: bigint) => ({ from, to, amount })
  const cash = { pocket: 'cash' } as const
  await keeper.act((tx) =>
    ledger.transfer(tx, keeper.at(), {
      wallet: rich,
      key: 'b',
      kind: 'bonus',
      legs: [leg({ house: 'bonus.cost' }, { pocket: 'bonus' }, 40n)],
    }),
  )
  await keeper.move(holder, 300n)
  await keeper.act((tx) => ledger.hold(tx, keeper.at(), { wallet: holder, hold: 'h', amount: 100n, kind: 'hold' }))
  await keeper.act((tx) =>
    ledger.transfer(tx, keeper.at(), {
      wallet: debtor,
      key: 'win',
      kind: 'round',
      legs: [leg({ house: 'games.revenue' }, cash, 80n)],
    }),
  )
  await keeper.move(debtor, -50n, { house: 'games.revenue' })
  await keeper.act((tx) =>
    ledger.reverse(tx, keeper.at(), { wallet: debtor, key: 'win', kind: 'reversal', shortfall: 'debt' }),
  )
  expect(await ledger.liability(own.sql)).toEqual([
    { currency: 'EUR', cash: 1200n, bonus: 40n, held: 100n, owed: 1340n, debts: 50n, wallets: 3n },
  ])
  expect(await ledger.houseBalances(own.sql)).toEqual([
    { account: 'bonus.cost', currency: 'EUR', balance: -40n },
    { account: 'games.revenue', currency: 'EUR', balance: 50n },
    { account: 'gateway.clearing', currency: 'EUR', balance: -1300n },
  ])
  expect(await own.sql`select currency, sum(balance)::int as sum from ledger.balances group by currency`).toEqual([
    { currency: 'EUR', sum: 0 },
  ])
  await own.stop()
})
