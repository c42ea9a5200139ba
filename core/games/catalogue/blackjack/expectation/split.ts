import { goal, scoreOfPips } from '../hand.ts'
import type { Hands } from './hands.ts'
import { codeOf, ranks } from './shoe.ts'
import type { Table } from './table.ts'

/**
 * The value of splitting a pair, exactly. How split hands are played is fixed: as the best play of a hand of the same cards that was not
 * split, doubled where the house lets, and every further pair is split again as long as the house lets.
 *
 * Because such a hand looks at its own cards alone, and cards in a shoe can change places, each of the hands is worth what it would be worth if it were
 * played first, given what is known of the others' second cards: so many are of the pair's rank, the rest are not. What is not of a rank is
 * counted as everything less what is.
 */
export function splitValue(table: Table, hands: Hands, rank: number): bigint {
  const { shoe, house } = table
  const handsMax = rank === 1 && !house.resplitAces ? 2 : house.handsMax
  const worth = createWorth(table, hands, rank)
  shoe.take(rank)
  shoe.take(rank)
  let value = 0n
  for (const { orders, pairs, settled, pending } of splittings(handsMax)) {
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
type Splitting = { orders: bigint; pairs: number; settled: number; pending: number }

function splittings(handsMax: number): Splitting[] {
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

/** What one hand that begins with the rank is worth, with so many more of the rank gone than the pair; the shoe is without all of them. */
function createWorth(table: Table, hands: Hands, rank: number): (gone: number, anySecond: boolean) => bigint {
  const { shoe, house } = table
  const known = new Map<number, Map<number, bigint>>()
  return (gone, anySecond) => {
    const memo = known.get(gone) ?? new Map<number, bigint>()
    known.set(gone, memo)
    let sum = 0n
    for (const second of ranks) {
      const left = shoe.left[second]!
      if (left <= 0 || (!anySecond && second === rank)) continue
      shoe.take(second)
      const cards = [rank, second]
      const value =
        rank === 1 ? table.stand(scoreOfPips(cards).total) : played(memo, cards, codeOf(rank) + codeOf(second))
      sum += BigInt(left) * value
      shoe.put(second)
    }
    return sum
  }

  function played(memo: Map<number, bigint>, cards: readonly number[], code: number): bigint {
    const before = memo.get(code)
    if (before !== undefined) return before
    const { total } = scoreOfPips(cards)
    const play = total > goal ? 'stand' : hands.play(cards, house.doubleAfterSplit)
    let value = 0n
    if (play === 'stand') value = table.stand(total)
    else
      for (const rank of ranks) {
        const left = shoe.left[rank]!
        if (left <= 0) continue
        shoe.take(rank)
        const more = [...cards, rank]
        value +=
          BigInt(left) *
          (play === 'double' ? 2n * table.stand(scoreOfPips(more).total) : played(memo, more, code + codeOf(rank)))
        shoe.put(rank)
      }
    memo.set(code, value)
    return value
  }
}

function choose(n: number, k: number): bigint {
  let result = 1n
  for (let i = 0; i < k; i++) result = (result * BigInt(n - i)) / BigInt(i + 1)
  return result
}
