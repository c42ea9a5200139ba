import { choose, type Draws } from '#rng'
import { add, type Fraction, fraction, multiply } from '../fraction.ts'
import type { Window } from './evaluate.ts'
import { both, certain, type Moments, mixture, nothing, repeated } from './moments.ts'
import type { HoldSheet } from './sheet.ts'

/** Values are times the stake; a place is `[reel, row]`. */
type Held = { reel: number; row: number; value: number }

/** `begin` is what the paid spin showed, `spins` what each draw brought; `times` is the sum of all, and `full` where every position holds. */
export type Hold = { begin: Held[]; spins: Held[][]; full: boolean; times: number }

/** Plays the feature from the window that brought it; nothing when it did not. */
export function playHold(sheet: HoldSheet, window: Window, draws: Draws): Hold | undefined {
  const places = window.flatMap((column, reel) => column.map((shown, row) => ({ reel, row, shown })))
  const starting = places.filter(({ shown }) => shown === sheet.symbol)
  if (starting.length < sheet.from) return undefined
  const weights = sheet.values.map(([, weight]) => weight)
  const valueAt = (which: number) => sheet.values[which]?.[0] as number
  const begin = starting.map(({ reel, row }) => ({ reel, row, value: valueAt(choose(weights, draws, 'value')) }))
  const spins: Held[][] = []
  let open = places.filter(({ shown }) => shown !== sheet.symbol)
  for (let left = sheet.respins; left > 0 && open.length > 0; ) {
    const brought = open.flatMap(({ reel, row }) => {
      const which = choose([...weights, sheet.blank], draws, 'held position')
      return which < weights.length ? [{ reel, row, value: valueAt(which) }] : []
    })
    spins.push(brought)
    open = open.filter((place) => !brought.some(({ reel, row }) => reel === place.reel && row === place.row))
    left = brought.length > 0 ? sheet.respins : left - 1
  }
  const full = open.length === 0
  const sum = [...begin, ...spins.flat()].reduce((total, { value }) => total + value, 0)
  return { begin, spins, full, times: sum + (full ? sheet.full : 0) }
}

/** What the feature pays that begins with so many held, in stakes. */
export function holdMoments(sheet: HoldSheet, positions: number, held: number): Moments {
  const value = mixture(sheet.values.map(([times, weight]) => [certain(times), weight]))
  return heldAtEnd(sheet, positions, held).reduce((sum, chance, count) => {
    const values = repeated(value, count)
    const { mean, square } = count === positions ? both(values, certain(sheet.full)) : values
    return { mean: add(sum.mean, multiply(chance, mean)), square: add(sum.square, multiply(chance, square)) }
  }, nothing)
}

/**
 * The chances that 0, 1, 2 … are held in the end. From h held, up to `respins` draws are made until one brings some: the chance that it is j
 * which it brings is the same in each, and with the chance that all bring none it ends at h.
 */
export function heldAtEnd(sheet: HoldSheet, positions: number, held: number): Fraction[] {
  const weight = sheet.values.reduce((sum, [, each]) => sum + each, 0)
  const filled = fraction(weight, weight + sheet.blank)
  const blank = fraction(sheet.blank, weight + sheet.blank)
  const reached = Array.from({ length: positions + 1 }, (_, h) => fraction(h === held ? 1 : 0))
  const ended: Fraction[] = []
  for (const [h, here] of reached.entries()) {
    const empty = positions - h
    const none = power(blank, empty)
    ended[h] = empty === 0 ? here : multiply(here, power(none, sheet.respins))
    const draws = Array.from({ length: sheet.respins }, (_, k) => power(none, k)).reduce(add) // so many are made, on average
    for (let j = 1; j <= empty; j++) {
      const bring = multiply(fraction(binomial(empty, j)), multiply(power(filled, j), power(blank, empty - j)))
      reached[h + j] = add(reached[h + j] as Fraction, multiply(here, multiply(draws, bring)))
    }
  }
  return ended
}

function power({ n, d }: Fraction, exponent: number): Fraction {
  return { n: n ** BigInt(exponent), d: d ** BigInt(exponent) }
}

function binomial(n: number, k: number): bigint {
  let result = 1n
  for (let i = 1; i <= k; i++) result = (result * BigInt(n - k + i)) / BigInt(i)
  return result
}
