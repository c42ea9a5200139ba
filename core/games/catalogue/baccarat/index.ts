import { type Card, pipsOf, shoe } from '../../cards.ts'
import { type Chips, readChips, reviveChips, stakeOfChips, totalOfWins, writeChips } from '../../chips.ts'
import { fraction, showPercent } from '../../fraction.ts'
import { type Game, versionOf } from '../../game.ts'
import { spreadOf } from '../../spread.ts'
import { rulesOf } from './rules.ts'
import { handOfNext, type Result, resultOf, totalOf } from './tableau.ts'

/** The cards of both hands as they were dealt, their totals, who won, and of each chip in order what it brings back, in minor units. */
type BaccaratOutcome = {
  player: { cards: Card[]; total: number }
  banker: { cards: Card[]; total: number }
  result: Result
  wins: string[]
}

const packs = 8
const chipMin = 20n
const chipMax = 50_000n
const tableMax = 100_000n

/** What each bet brings back in twentieths, its stake included: the commission on the banker is a twentieth of the win. */
const returns: Record<Result, Record<Result, bigint>> = {
  player: { player: 40n, banker: 0n, tie: 20n },
  banker: { player: 0n, banker: 39n, tie: 20n },
  tie: { player: 0n, banker: 0n, tie: 180n },
}
const bets = Object.keys(returns) as Result[]
const results = bets
const limits = {
  bets: new Map(bets.map((on) => [on as string, { min: chipMin, max: chipMax, step: on === 'banker' ? 20n : 1n }])),
  max: tableMax,
  count: bets.length,
}
/** Of the 416!/410! ordered deals of six cards, as `par.ts` counts them. */
const ways: Record<Result, number> = {
  player: 2_230_518_282_592_256,
  banker: 2_292_252_566_437_888,
  tie: 475_627_426_473_216,
}
const deals = results.reduce((sum, result) => sum + ways[result], 0)
const rtpOf = (on: Result) =>
  fraction(
    results.reduce((sum, result) => sum + BigInt(ways[result]) * returns[on][result], 0n),
    BigInt(deals) * 20n,
  )

/** Punto banco from eight packs shuffled afresh. No bet is better than on the banker. */
export const baccarat: Game<Chips> = {
  id: 'baccarat',
  name: 'Baccarat',
  kind: 'table',
  version: versionOf({
    ...{ game: 'punto banco', packs },
    returns: bets.map((on) => [on, results.map((result) => [result, Number(returns[on][result])])]),
  }),
  rtp: rtpOf('banker'),
  stakeMin: chipMin,
  stakeMax: tableMax,
  winMax: chipMax * 9n + chipMax, // a tie, with the other half of the table on a hand
  sheet: {
    packs,
    deals,
    ways,
    pays: { player: '1:1', banker: '19:20', tie: '8:1' },
    returns: Object.fromEntries(bets.map((on) => [on, showPercent(rtpOf(on))])),
  },
  rules: rulesOf((on) => showPercent(rtpOf(on))),
  sample: { bets: [{ on: 'banker', amount: '1.00' }] },
  readChoice: (input, currency) => readChips(input, currency, limits),
  stakeOf: stakeOfChips,
  play(choice, draws) {
    const next = shoe(packs, [], draws)
    const hands: Record<'player' | 'banker', Card[]> = { player: [], banker: [] }
    const pips = (hand: 'player' | 'banker') => hands[hand].map(pipsOf)
    for (let hand = handOfNext([], []); hand; hand = handOfNext(pips('player'), pips('banker')))
      hands[hand].push(next())
    const [player, banker] = [totalOf(pips('player')), totalOf(pips('banker'))]
    const result = resultOf(player, banker)
    const wins = winsOf(choice, result)
    const outcome: BaccaratOutcome = {
      player: { cards: hands.player, total: player },
      banker: { cards: hands.banker, total: banker },
      result,
      wins: wins.map(String),
    }
    return { outcome, win: totalOfWins(wins) }
  },
  returns: returnsOf,
  spread: (choice) => spreadOf(returnsOf(choice)),
  writeChoice: writeChips,
  reviveChoice: reviveChips,
}

function winsOf({ chips }: Chips, result: Result): bigint[] {
  return chips.map(({ on, amount }) => (amount * returns[on as Result][result]) / 20n)
}

function returnsOf(choice: Chips) {
  return results.map((result) => [BigInt(ways[result]), totalOfWins(winsOf(choice, result))] as const)
}
