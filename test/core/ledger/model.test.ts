import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLane, type Lane, systemCommand } from '#base'
import * as ledger from '#ledger'
import { openTestDatabase, type TestDatabase } from '../../support/database.ts'
import { type Act, createModel, type Outcome } from './model.ts'

/**
 * The ledger against an oracle in memory: what lanes, single transfers, reversals and holds answer, and what is left in each
 * wallet. 50 runs of 200 acts or so; `COUNTROOM_MODEL_RUNS` for more.
 */
const runs = Number(process.env.COUNTROOM_MODEL_RUNS ?? 50)
const actsMax = 400 // 200 on average; few is allowed, so that a counter-example shrinks to something one can read
const wallets = 3

let db: TestDatabase
let lane: Lane<ledger.Transfer, ledger.PostResult>
beforeAll(async () => {
  db = await openTestDatabase()
  const lease = (await ledger.leaseLane(db.sql, 'model'))!
  lane = createLane({
    run: (items) => ledger.postBatch(db.sql, lease, new Date(), items),
    batchMax: 64,
    queueMax: 1000,
    deadlineMs: 60_000,
    isRetryable: () => false,
    isUnknown: () => false,
  })
})
afterAll(() => db.stop())

const who = fc.nat(wallets - 1)
const key = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const amount = fc.constantFrom(0n, 1n, 30n, 30n, 100n, 100n, 2000n, -5n, 10n ** 18n + 1n)
const name = fc.constantFrom('h1', 'h2', 'h3')
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('bet' as const),
      who,
      key,
      stake: amount,
      win: fc.constantFrom(0n, 0n, 50n),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deposit' as const), who, key, amount }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('reverse' as const), who, key }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('hold' as const), who, name, amount }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('capture' as const, 'release' as const), who, name, key, amount }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
)

let run = 0
test('every answer and every balance is the model’s, act by act [S47]', { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 1, maxLength: actsMax, size: 'max' }),
      fc.nat(6),
      async (acts, together) => {
        const ids = await openWallets()
        const model = createModel(wallets)
        for (const some of groupsOf(acts, together + 1)) {
          // What goes through a lane goes at once; one wallet's calls keep their order, so the model may take them in turn.
          const asked = some.map((each) => perform(ids, each))
          const expected = some.map((each) => model.perform(each))
          expect(await Promise.all(asked)).toEqual(expected)
        }
        for (const [index, wallet] of ids.entries())
          expect(await ledger.balance(db.sql, wallet)).toMatchObject(model.balance(index))
      },
    ),
    { numRuns: runs, interruptAfterTimeLimit: 540_000, markInterruptAsFailure: true },
  )
  expect((await ledger.prove(db.sql)).checks.filter((check) => !check.ok)).toEqual([])
})

/** Bets and deposits in a row travel together; anything else goes alone. */
function groupsOf(acts: readonly Act[], size: number): Act[][] {
  const groups: Act[][] = []
  for (const each of acts) {
    const last = groups.at(-1)
    const lanes = each.kind === 'bet' || each.kind === 'deposit'
    if (lanes && last && last.length < size && last.every(({ kind }) => kind === 'bet' || kind === 'deposit'))
      last.push(each)
    else groups.push([each])
  }
  return groups
}

async function openWallets(): Promise<bigint[]> {
  run++
  return db.sql.begin(async (tx) => {
    const opened: bigint[] = []
    for (let i = 0; i < wallets; i++)
      opened.push(
        (await ledger.openWallet(tx, systemCommand('model'), { player: `plr_m${run}_${i}`, currency: 'EUR' })).wallet,
      )
    return opened
  }) as Promise<bigint[]>
}

const start = new Date('2026-06-01T00:00:00Z')
const end = new Date('2026-06-02T00:00:00Z')
const cash = { pocket: 'cash' } as const

async function perform(ids: readonly bigint[], each: Act): Promise<Outcome> {
  const command = { ...systemCommand('model'), now: start }
  const later = { ...command, now: end }
  if (each.kind === 'expire') {
    await db.sql.begin((tx) => ledger.expireHolds(tx, later, 1000))
    return 'done'
  }
  const wallet = ids[each.who]!
  if (each.kind === 'bet' || each.kind === 'deposit') {
    const { code } = await lane.submit(wallet, orderOf(wallet, each))
    return code as Outcome
  }
  try {
    return (await db.sql.begin(async (tx): Promise<Outcome> => {
      if (each.kind === 'reverse') {
        const { outcome, replayed } = await ledger.reverse(tx, command, {
          wallet,
          key: each.key,
          kind: 'reversal',
          shortfall: 'debt',
        })
        return replayed ? `${outcome}, again` : outcome
      }
      if (each.kind === 'hold') {
        const booked = await ledger.hold(tx, command, {
          wallet,
          hold: each.name,
          amount: each.amount,
          kind: 'hold',
          expiresAt: end,
        })
        return booked.replayed ? 'replayed' : 'posted'
      }
      const portion = {
        wallet,
        hold: each.name,
        key: `${each.kind}:${each.name}:${each.key}`,
        amount: each.amount,
        kind: each.kind,
      }
      const booked =
        each.kind === 'capture'
          ? await ledger.capture(tx, command, { ...portion, to: 'gateway.clearing' })
          : await ledger.release(tx, command, portion)
      return booked.replayed ? 'replayed' : 'posted'
    })) as Outcome
  } catch (error) {
    return ((error as { code: string }).code.split('.')[1] ?? '') as Outcome
  }
}

function orderOf(wallet: bigint, each: Extract<Act, { kind: 'bet' | 'deposit' }>): ledger.Transfer {
  if (each.kind === 'deposit')
    return {
      wallet,
      key: each.key,
      kind: 'deposit',
      legs: [{ from: { house: 'gateway.clearing' }, to: cash, amount: each.amount }],
    }
  const legs: ledger.Leg[] = [{ from: cash, to: { house: 'games.revenue' }, amount: each.stake }]
  if (each.win > 0n) legs.push({ from: { house: 'games.revenue' }, to: cash, amount: each.win })
  return { wallet, key: each.key, kind: 'round', legs }
}
