import { choose, type Draws, shuffle } from '#rng'
import { add, type Fraction, fraction, multiply } from '../fraction.ts'
import { countIn, linesWith, type Window } from './evaluate.ts'
import { certain, type Moments, mixture, repeated } from './moments.ts'
import type { PickSheet, SlotSheet } from './sheet.ts'

/** How often a window brings the pick: once, or once for each line. */
export function picksIn(sheet: SlotSheet, window: Window): number {
  const { pick } = sheet
  if (!pick) return 0
  if (pick.onLine) return linesWith(sheet, window, pick.symbol, pick.from)
  return countIn(window, pick.symbol) >= pick.from ? 1 : 0
}

/** What lies under which box, before the first is opened. Times the stake; 0 is empty. */
export function fillBoxes(boxes: readonly number[], draws: Draws): number[] {
  return shuffle(boxes, draws, 'box')
}

/** Prizes where nobody chooses. Times the stake. */
export function drawPrizes(sheet: { count: Weights; prizes: Weights }, draws: Draws): number[] {
  const one = (of: Weights, purpose: string) =>
    of[
      choose(
        of.map(([, weight]) => weight),
        draws,
        purpose,
      )
    ]?.[0] as number
  return Array.from({ length: one(sheet.count, 'prizes') }, () => one(sheet.prizes, 'prize'))
}

type Weights = ReadonlyArray<readonly [value: number, weight: number]>

/** What one pick pays, in stakes, whichever boxes the player opens. */
export function pickMoments(sheet: PickSheet): Moments {
  if ('boxes' in sheet) return boxMoments(sheet.boxes)
  const prize = mixture(sheet.prizes.map(([value, weight]) => [certain(value), weight]))
  return mixture(sheet.count.map(([count, weight]) => [repeated(prize, count), weight]))
}

/**
 * Whatever the player chooses, the order in which boxes are opened is any order, each as likely. A prize is had when it comes before all e
 * empty boxes: 1 in e + 1; two given prizes are both had with 2 in (e + 1)(e + 2).
 */
function boxMoments(boxes: readonly number[]): Moments {
  const empty = boxes.filter((value) => value === 0).length
  const sum = boxes.reduce((total, value) => total + value, 0)
  const squares = boxes.reduce((total, value) => total + value * value, 0)
  const pairs = sum * sum - squares
  return {
    mean: fraction(sum, empty + 1),
    square: add(fraction(squares, empty + 1), fraction(2 * pairs, (empty + 1) * (empty + 2))),
  }
}

/** The most a pick can pay, in stakes, and the chance that it does. */
export function bestPick(sheet: PickSheet): { times: number; chance: Fraction } {
  if ('boxes' in sheet) {
    const prizes = sheet.boxes.filter((value) => value > 0)
    const empty = sheet.boxes.length - prizes.length
    // All prizes before all empty boxes: of the orders of the two kinds one.
    let orders = fraction(1)
    for (let i = 1; i <= empty; i++) orders = multiply(orders, fraction(prizes.length + i, i))
    return { times: prizes.reduce((sum, value) => sum + value, 0), chance: { n: orders.d, d: orders.n } }
  }
  const best = (of: Weights) => of.reduce((most, each) => (each[0] > most[0] ? each : most))
  const share = (of: Weights) =>
    fraction(
      best(of)[1],
      of.reduce((sum, [, weight]) => sum + weight, 0),
    )
  const [count] = best(sheet.count)
  const all = Array.from({ length: count }, () => share(sheet.prizes)).reduce(multiply, share(sheet.count))
  return { times: count * best(sheet.prizes)[0], chance: all }
}
