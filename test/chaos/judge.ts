import { expect } from 'vitest'
import { createLane } from '#base'
import * as ledger from '#ledger'
import type { Sql } from '../../core/host/database.ts'
import { ask, changeBy, keysIn, type Receipt } from './order.ts'
import type { Fate } from './writers.ts'

/**
 * Holds the books against the journals of those who wrote: what was acknowledged is there, once and as it was told; what was
 * refused is not; what nobody was told of is there once or not at all; balances follow from what is there. Then asks for
 * everything again, twice: each key has one final answer, which is the one that was acknowledged if one was.
 */
export async function judge(sql: Sql, writers: ReadonlyMap<string, readonly Fate[]>, since: Date): Promise<Verdict> {
  const fates = [...writers.values()].flat()
  const before = await presentOf(sql, writers)
  const there = fates.filter(({ order }) => before.has(idOf(order)))
  for (const { order, receipt, refused } of fates) {
    if (receipt) expect(before.get(idOf(order)), `${order.key} was acknowledged`).toEqual(receipt)
    if (refused) expect(before.get(idOf(order)), `${order.key} was refused with ${refused}`).toBeUndefined()
  }
  await proves(sql, since)

  const first = await askAgain(sql, fates)
  const again = await askAgain(sql, fates)
  fates.forEach(({ order, receipt }, index) => {
    const answer = JSON.stringify(first[index])
    expect(JSON.stringify(again[index]), `${order.key}, asked again`).toBe(answer)
    const known = receipt ?? before.get(idOf(order))
    if (known) expect(answer, `${order.key}, which was booked`).toBe(JSON.stringify(known))
  })
  const after = await presentOf(sql, writers)
  for (const { order } of fates) expect(after.has(idOf(order)), `${order.key} is booked at last`).toBe(true)
  expect(after.size).toBe(fates.length)
  await proves(sql, since)
  return {
    acknowledged: fates.filter((fate) => fate.receipt).length,
    refused: fates.filter((fate) => fate.refused).length,
    unknown: fates.filter((fate) => !fate.receipt && !fate.refused).length,
    unknownButBooked: there.filter((fate) => !fate.receipt).length,
  }
}

export type Verdict = { acknowledged: number; refused: number; unknown: number; unknownButBooked: number }

/** What the wallets must hold if exactly these orders are booked, told from the orders alone. */
export async function balancesFollow(sql: Sql, fates: readonly Fate[], funded: bigint): Promise<void> {
  const wanted = new Map<string, { cash: bigint; held: bigint }>()
  for (const { order } of fates) {
    const wallet = wanted.get(order.wallet) ?? { cash: funded, held: 0n }
    const change = changeBy(order)
    wanted.set(order.wallet, { cash: wallet.cash + change.cash, held: wallet.held + change.held })
  }
  const rows = await sql<Array<{ wallet: string; cash: bigint; held: bigint }>>`
    select wallet::text, cash, held from ledger.wallets where wallet::text = any (${[...wanted.keys()]})`
  for (const { wallet, cash, held } of rows) expect({ wallet, cash, held }).toEqual({ wallet, ...wanted.get(wallet) })
}

/** One snapshot for all checks, as `verify` does. */
export async function proves(sql: Sql, since?: Date): Promise<void> {
  const proof = (await sql.begin('isolation level repeatable read read only', (tx) =>
    ledger.prove(tx, since ? { since } : {}),
  )) as ledger.Proof
  expect(proof.checks.filter((check) => !check.ok)).toEqual([])
}

async function presentOf(sql: Sql, writers: ReadonlyMap<string, unknown>): Promise<Map<string, Receipt>> {
  const found = new Map<string, Receipt>()
  for (const name of writers.keys())
    for (const [id, receipt] of await keysIn(sql, `%${name}-%`)) {
      expect(found.has(id), `${id} is there twice`).toBe(false)
      found.set(id, receipt)
    }
  return found
}

/** Every order in turn; holds before what was taken of them. */
async function askAgain(sql: Sql, fates: readonly Fate[]): Promise<Receipt[]> {
  const lease = (await ledger.leaseLane(sql, `again-${process.pid}`))!
  const lane = createLane<ledger.Transfer, ledger.PostResult>({
    run: (items) => ledger.postBatch(sql, lease, new Date(), items),
    batchMax: 256,
    queueMax: 1_000_000,
    deadlineMs: 600_000,
    isRetryable: () => false,
    isUnknown: () => false,
  })
  try {
    const answers = new Array<Receipt>(fates.length)
    const all = (chosen: (fate: Fate) => boolean) =>
      Promise.all(
        fates.map(async (fate, index) => {
          if (chosen(fate)) answers[index] = await ask({ lane, sql }, fate.order)
        }),
      )
    await all(({ order }) => order.way === 'lane' || order.way === 'single' || order.way === 'hold')
    await all(({ order }) => order.way === 'capture' || order.way === 'release')
    return answers
  } finally {
    await lane.close()
    await ledger.returnLease(sql, lease)
  }
}

function idOf({ wallet, key }: { wallet: string; key: string }): string {
  return `${wallet} ${key}`
}
