import { add, type Fraction, fraction, multiply } from '../../../fraction.ts'
import { ends } from './dealer.ts'
import { type Final, finalsOf } from './finals.ts'
import type { Hands } from './hands.ts'
import { createJointly } from './jointly.ts'
import { nothing, plus, type Sets, setsOf, times } from './sets.ts'
import { type Splitting, splittings } from './split.ts'
import { signOf, type Table } from './table.ts'

/**
 * What the hands of one split do together, with the dealer they share, out of one shoe: the chance that every hand loses, that as many hands as there can be
 * are all doubled and won, and the mean of the products of what two different hands bring, summed over all pairs of hands in both orders.
 * Given the open card and the pair; without the deals in which the dealer has a blackjack.
 */
export type Together = { lost: Fraction; top: Fraction; products: Fraction }

/** Of a hand that takes any second card, and of one whose second card is not of the pair's rank. */
type Kinds = { any: Sets; other: Sets }

export function splitTogether(table: Table, hands: Hands, rank: number): Together {
  const { shoe, house } = table
  shoe.take(rank)
  shoe.take(rank)
  const jointly = createJointly(house, table.up, shoe)
  const finals = finalsOf(house, hands, rank)
  const ways = groupsOf(splittings(house, rank))
  let [lost, top, products] = [fraction(0n), fraction(0n), fraction(0n)]
  for (let end = 0; end < ends; end++) {
    lost = add(
      lost,
      allOf(
        end,
        fewer(({ total }) => signOf(total, end) < 0),
        ways,
      ),
    )
    const best = kindsOf((final) => (final.doubled && signOf(final.total, end) > 0 ? 1 : 0))
    top = add(
      top,
      allOf(
        end,
        best,
        ways.filter((group) => group[0]!.pairs + 2 === house.handsMax),
      ),
    )
    products = add(
      products,
      productsOf(
        end,
        kindsOf((final) => (final.doubled ? 2 : 1) * signOf(final.total, end)),
      ),
    )
  }
  shoe.put(rank)
  shoe.put(rank)
  return { lost, top, products }

  function kindsOf(count: (final: Final) => number): Kinds {
    const of = (some: readonly Final[]) =>
      setsOf(
        some.map((final) => ({ cards: final.cards, count: final.orders * count(final) })).filter(({ count }) => count),
      )
    return { any: of(finals), other: of(finals.filter(({ paired }) => !paired)) }
  }

  /**
   * Hands for which something holds: those, or everything less the others, whichever are fewer. What is not asked of a hand need not be dealt, so that
   * everything is no card at all, and of second cards that are not of the rank everything less one that is.
   */
  function fewer(holds: (final: Final) => boolean): Kinds {
    const those = finals.filter(holds).length
    if (those * 2 <= finals.length) return kindsOf((final) => (holds(final) ? 1 : 0))
    const { any, other } = kindsOf((final) => (holds(final) ? 0 : -1))
    const sum = (one: Sets, another: Sets) => plus([one, another].map((sets) => ({ sets, times: 1 })))
    return { any: sum(any, nothing), other: sum(other, notOf(rank, 1)) }
  }

  /** The chance that every hand is one of these, over the ways a pair can be split. */
  function allOf(end: number, { any, other }: Kinds, groups: readonly Splitting[][]): Fraction {
    const product = productsBy(any, other)
    return groups
      .map((group) => {
        // All of a group have a hand of one kind, which comes last: the longest product is not kept.
        const last = group[0]!.pending > 0 ? any : other
        const rest = group.map(({ orders, settled, pending }) => ({
          sets: last === any ? product(settled, pending - 1) : product(settled - 1, pending),
          times: Number(orders),
        }))
        return withPairs(group[0]!.pairs, () => jointly(end, plus(rest), last))
      })
      .reduce(add, fraction(0n))
  }

  function productsOf(end: number, { any, other }: Kinds): Fraction {
    return ways
      .flat()
      .map(({ orders, pairs, settled, pending }) => {
        const two = (one: Sets, another: Sets, ways: number, others: number) =>
          ways === 0 ? fraction(0n) : multiply(jointly(end, times(one, notOf(rank, others)), another), fraction(ways))
        const sum = () =>
          [
            two(other, other, settled * (settled - 1), settled - 2),
            two(other, any, 2 * settled * pending, settled - 1),
            two(any, any, pending * (pending - 1), settled),
          ].reduce(add)
        return multiply(withPairs(pairs, sum), fraction(orders))
      })
      .reduce(add)
  }

  /** Where so many second cards are of the rank: the chance that they come, times what then does. */
  function withPairs(pairs: number, chance: () => Fraction): Fraction {
    let ways = fraction(1n)
    for (let n = 0; n < pairs; n++) {
      ways = multiply(ways, fraction(BigInt(Math.max(0, shoe.left[rank]!)), BigInt(shoe.size)))
      shoe.take(rank)
    }
    const found = ways.n === 0n ? ways : multiply(ways, chance())
    for (let n = 0; n < pairs; n++) shoe.put(rank)
    return found
  }
}

/** By how many second cards are of the rank, which says how many hands there are. */
function groupsOf(all: readonly Splitting[]): Splitting[][] {
  return [...Map.groupBy(all, ({ pairs }) => pairs).values()]
}

/** Of so many second cards none is of the rank. */
function notOf(rank: number, cards: number): Sets {
  const one = setsOf([
    { cards: [], count: 1 },
    { cards: [rank], count: -1 },
  ])
  return cards === 0 ? nothing : times(notOf(rank, cards - 1), one)
}

/** Products of so many of one kind and so many of the other, each multiplied once. */
function productsBy(any: Sets, other: Sets): (others: number, anys: number) => Sets {
  const known = new Map<string, Sets>([['0/0', nothing]])
  return function product(others: number, anys: number): Sets {
    const name = `${others}/${anys}`
    const found: Sets =
      known.get(name) ?? (anys > 0 ? times(product(others, anys - 1), any) : times(product(others - 1, 0), other))
    known.set(name, found)
    return found
  }
}
