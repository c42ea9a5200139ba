import { valueAgainst } from '../../core/games/catalogue/blackjack/expectation/index.ts'
import { house } from '../../core/games/catalogue/blackjack/house.ts'
import { valuesByUp } from '../../core/games/catalogue/blackjack/returns.ts'
import { bestPlay } from '../../core/games/catalogue/jacks-or-better/exact/best-play.ts'
import { counts, pays } from '../../core/games/catalogue/jacks-or-better/pays.ts'
import type { Figure } from './benchmark.ts'

/** What it takes to compute the exact returns again of the games where the player decides. @throws Error where a sheet says otherwise */
export function exactReturns(say: (line: string) => void): Figure[] {
  return [
    inSeconds('blackjack, exact expectation of the house', '<=60', () => {
      for (const [up, value] of Object.entries(valuesByUp)) {
        const { n, d } = valueAgainst(house, Number(up))
        if (n !== value.n || d !== value.d) throw new Error(`blackjack: the sheet is wrong against ${up}`)
        say(`blackjack against ${up}: ${n}/${d}`)
      }
    }),
    inSeconds('video poker, best play over every deal and draw', undefined, () => {
      const found = bestPlay(pays)
      for (const [name, count] of Object.entries(found.counts))
        if (count !== counts[name as keyof typeof counts])
          throw new Error(`video poker: the sheet is wrong about ${name}`)
    }),
  ]
}

function inSeconds(name: string, bar: Figure['bar'], compute: () => void): Figure {
  const begunMs = performance.now()
  compute()
  return { name, value: (performance.now() - begunMs) / 1000, unit: 's', ...(bar ? { bar } : {}) }
}
