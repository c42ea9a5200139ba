import { handOfNext, type Result, resultOf, totalOf } from './tableau.ts'

/** Cards by their pips modulo ten as they are dealt, and how it ended. */
export type Deal = {
  player: readonly number[]
  banker: readonly number[]
  totals: { player: number; banker: number }
  result: Result
}

const pips = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
const cardsMax = 6

/**
 * Every deal by its pips, with how many ordered deals of six cards come to it; the cards that the rules leave in the shoe are counted too,
 * so that all deals have one measure. Up to eight packs their sum, 416!/410!, is below 2^53, and numbers hold it exactly.
 */
export function everyDeal(packs: number, visit: (deal: Deal, ways: number) => void): void {
  const left = pips.map((pip) => (pip === 0 ? 16 : 4) * packs)
  const walk = (player: readonly number[], banker: readonly number[], ways: number): void => {
    const dealt = player.length + banker.length
    const next = handOfNext(player, banker)
    if (next === undefined) {
      let all = ways
      for (let card = dealt; card < cardsMax; card++) all *= 52 * packs - card
      const totals = { player: totalOf(player), banker: totalOf(banker) }
      visit({ player, banker, totals, result: resultOf(totals.player, totals.banker) }, all)
      return
    }
    for (const pip of pips) {
      const count = left[pip]!
      if (count === 0) continue
      left[pip] = count - 1
      if (next === 'player') walk([...player, pip], banker, ways * count)
      else walk(player, [...banker, pip], ways * count)
      left[pip] = count
    }
  }
  walk([], [], 1)
}
