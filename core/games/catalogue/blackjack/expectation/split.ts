import type { House } from '../house.ts'
import type { Hands } from './hands.ts'
import type { Table } from './table.ts'
import { createWorth, type Measure, winnings } from './worth.ts'

/**
 * The value of splitting a pair, exactly. How split hands are played is fixed: as the best play of a hand of the same cards that was not
 * split, doubled where the house lets, and every further pair is split again as long as the house lets.
 *
 * Because such a hand looks at its own cards alone, and cards in a shoe can change places, each of the hands is worth what it would be worth if it were
 * played first, given what is known of the others' second cards: so many are of the pair's rank, the rest are not. What is not of a rank is
 * counted as everything less what is.
 *
 * @param measure what is summed over the hands
 */
export function splitValue(table: Table, hands: Hands, rank: number, measure: Measure = winnings(table)): bigint {
  const { shoe, house } = table
  const worth = createWorth(table, hands, rank, measure)
  shoe.take(rank)
  shoe.take(rank)
  let value = 0n
  for (const { orders, pairs, settled, pending } of splittings(house, rank)) {
    if (settled > 0) value += orders * BigInt(settled) * given(pairs, settled - 1, false)
    if (pending > 0) value += orders * BigInt(pending) * given(pairs, settled, true)
  }
  shoe.put(rank)
  shoe.put(rank)
  return value

  /** One hand, where so many other cards are of the rank and so many are not. */
  function given(pairs: number, others: number, anySecond: boolean): bigint {
    let sum = 0n
    for (let wrong = 0; wrong <= others; wrong++) {
      let ways = 1n
      for (let n = 0; n < pairs + wrong; n++) {
        ways *= BigInt(Math.max(0, shoe.left[rank]!))
        shoe.take(rank)
      }
      if (ways > 0n) sum += (wrong % 2 ? -1n : 1n) * choose(others, wrong) * ways * worth(pairs + wrong, anySecond)
      for (let n = 0; n < pairs + wrong; n++) shoe.put(rank)
    }
    return sum
  }
}

/** How a pair can be split: so many second cards are of the rank, so many hands have another, so many take whatever comes. */
export type Splitting = { orders: bigint; pairs: number; settled: number; pending: number }

export function splittings(house: House, rank: number): Splitting[] {
  const handsMax = rank === 1 && !house.resplitAces ? 2 : house.handsMax
  const found = new Map<string, Splitting>()
  const walk = (pairs: number, settled: number): void => {
    const hands = 2 + pairs
    const over = hands === handsMax || settled === hands
    if (!over) {
      walk(pairs + 1, settled)
      walk(pairs, settled + 1)
      return
    }
    const name = `${pairs}/${settled}`
    const before = found.get(name)
    if (before) before.orders++
    else found.set(name, { orders: 1n, pairs, settled, pending: hands - settled })
  }
  walk(0, 0)
  return [...found.values()]
}

function choose(n: number, k: number): bigint {
  let result = 1n
  for (let i = 0; i < k; i++) result = (result * BigInt(n - i)) / BigInt(i + 1)
  return result
}
