import { choose, type Draws } from '#rng'
import { countIn, type Evaluation, evaluator, type Window } from './evaluate.ts'
import { partsOf, type SlotSheet } from './sheet.ts'

/** A window and what it pays; `multiplier` is the rung of the ladder it counts at, 1 without cascades. */
export type Board = { window: Window; evaluation: Evaluation; multiplier: number }

export type Spin = {
  /** Of each reel, the position on its strip that stands at the top. Where symbols are weighted there are none. */
  stops: number[] | undefined
  /** The first, and after each that won what fell into its place. */
  boards: Board[]
  scatters: number
  /** In parts of the stake: all boards by their multipliers, and scatters. */
  times: number
}

/** A spin by its draws, and by its stops where it has any. */
export type Spinner = {
  spin(draws: Draws, purpose: string): Spin
  at(stops: readonly number[]): Spin
  /** Of one window, without cascades. */
  of(window: Window): Spin
}

/** Far beyond any strips whose cascades end. */
export const boardsMax = 1000

export function openSpinner(sheet: SlotSheet): Spinner {
  const evaluate = evaluator(sheet)
  const ladder = sheet.cascade?.ladder
  const scatterTimes = (scatters: number) => (sheet.scatterPays?.[scatters] ?? 0) * partsOf(sheet)

  function finish(stops: number[] | undefined, boards: Board[]): Spin {
    const scatters = countIn((boards.at(-1) as Board).window, sheet.scatter)
    const won = boards.reduce((sum, { evaluation, multiplier }) => sum + evaluation.times * multiplier, 0)
    return { stops, boards, scatters, times: won + scatterTimes(scatters) }
  }

  function of(window: Window): Spin {
    return finish(undefined, [{ window, evaluation: evaluate(window), multiplier: 1 }])
  }

  function at(stops: readonly number[]): Spin {
    const strips = sheet.strips ?? []
    const seen = (reel: number, position: number) => {
      const strip = strips[reel] as string[]
      return strip[((position % strip.length) + strip.length) % strip.length] as string
    }
    let window: Window = strips.map((_, reel) =>
      Array.from({ length: sheet.rows }, (_, row) => seen(reel, (stops[reel] ?? 0) + row)),
    )
    const boards: Board[] = []
    const next = [...stops] // what stands just below what falls in next
    for (;;) {
      const evaluation = evaluate(window)
      boards.push({ window, evaluation, multiplier: ladder?.[Math.min(boards.length, ladder.length - 1)] ?? 1 })
      if (!ladder || evaluation.times === 0) return finish([...stops], boards)
      if (boards.length > boardsMax) throw new RangeError('these strips cascade without end')
      const gone = new Set(evaluation.winners.map(([reel, row]) => reel * sheet.rows + row))
      window = window.map((column, reel) => {
        const staying = column.filter((_, row) => !gone.has(reel * sheet.rows + row))
        const falling = Array.from({ length: column.length - staying.length }, () => {
          next[reel] = (next[reel] as number) - 1
          return seen(reel, next[reel] as number)
        })
        return [...falling.reverse(), ...staying]
      })
    }
  }

  return {
    of,
    at,
    spin(draws, purpose) {
      if (sheet.strips) return at(sheet.strips.map((strip) => draws(strip.length, purpose)))
      return of(
        sheet.weights.map((reel) => {
          const weights = reel.map(([, weight]) => weight)
          return Array.from({ length: sheet.rows }, () => reel[choose(weights, draws, purpose)]?.[0] as string)
        }),
      )
    },
  }
}
