import * as games from '#games'
import type { Against } from '../../../core/games/catalogue/blackjack/expectation/against.ts'
import { ends } from '../../../core/games/catalogue/blackjack/expectation/dealer.ts'
import { ranks } from '../../../core/games/catalogue/blackjack/expectation/shoe.ts'
import { signOf } from '../../../core/games/catalogue/blackjack/expectation/table.ts'
import { scoreOfPips } from '../../../core/games/catalogue/blackjack/hand.ts'

/**
 * The chance, with this open card, that a pair becomes four hands which are all doubled and won: counted hand by hand, since such a hand has three cards, of which only the
 * second and the third are anybody's choice. Which of equal cards comes first changes nothing, so that hands are dealt as sets.
 */
export function fourDoubledAgainst({ table, hands, dealt }: Against): games.Fraction {
  const { shoe } = table
  let deals = 0n
  for (const { cards, play, orders } of dealt) {
    const [rank] = cards
    if (play !== 'split' || rank === 1) continue // split aces get one card each
    const drawn = [rank, rank, rank, rank]
    const taken = drawn.map((card) => take(card)).slice(2) // in how many orders the first two come is known
    const seconds = ranks.filter((card) => card !== rank && hands.play([rank, card], true) === 'double')
    const ended = seconds.flatMap((second) =>
      ranks.map((third) => ({ second, third, total: scoreOfPips([rank, second, third]).total })),
    )
    deals +=
      orders * BigInt(splittings(2, 2)) * taken.reduce((ways, left) => ways * left, 1n) * four(ended, 0, 4, 1n, 99)
    for (const card of drawn) shoe.put(card)
  }
  return games.fraction(deals * table.ups, table.deals)

  /** Four of these hands, each no sooner in the list than the one before, times in how many orders they can stand. */
  function four(
    ended: ReadonlyArray<{ second: number; third: number; total: number }>,
    from: number,
    wanted: number,
    ways: bigint,
    least: number,
  ): bigint {
    if (wanted === 0) return ways * won(least)
    let sum = 0n
    for (let i = from; i < ended.length; i++) {
      const { second, third, total } = ended[i]!
      for (let times = 1; times <= wanted; times++) {
        let more = ways
        for (let n = 0; n < times; n++) more *= take(second) * take(third)
        const orders = choose(wanted, times)
        if (more > 0n) sum += four(ended, i + 1, wanted - times, more * orders, Math.min(least, total))
        for (let n = 0; n < times; n++) {
          shoe.put(second)
          shoe.put(third)
        }
      }
    }
    return sum
  }

  function won(least: number): bigint {
    let deals = 0n
    for (let end = 0; end < ends; end++) if (signOf(least, end) > 0) deals += table.endings(end)
    return deals
  }

  function take(card: number): bigint {
    const left = BigInt(Math.max(0, shoe.left[card]!))
    shoe.take(card)
    return left
  }
}

/** In how many ways so many hands that wait for their second card become four, two of them by cards of the pair's rank. */
function splittings(waiting: number, hands: number): number {
  if (hands === 4) return 1
  return waiting === 0 ? 0 : splittings(waiting + 1, hands + 1) + splittings(waiting - 1, hands)
}

function choose(of: number, some: number): bigint {
  return some === 0 ? 1n : (choose(of - 1, some - 1) * BigInt(of)) / BigInt(some)
}
