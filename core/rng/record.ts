/** One draw as it stands in the record of a round: what for, out of how many, which. */
export type Draw = [purpose: string, range: number, value: number]

/** What a game's mathematics sees: numbers with a purpose. Where they come from it cannot tell. */
export type Draws = (range: number, purpose: string) => number

/** Draws that are written down in order as they are used. */
export function record(generator: { draw(range: number): number }): { draws: Draws; taken: Draw[] } {
  const taken: Draw[] = []
  return {
    taken,
    draws(range, purpose) {
      const value = generator.draw(range)
      taken.push([purpose, range, value])
      return value
    },
  }
}

/** The recorded draws again, in order. @throws Error when the mathematics asks for something else than it did then */
export function replay(taken: readonly Draw[]): { draws: Draws; finished(): boolean } {
  let next = 0
  return {
    finished: () => next === taken.length,
    draws(range, purpose) {
      const draw = taken[next++]
      if (!draw || draw[0] !== purpose || draw[1] !== range)
        throw new Error(`the record has no draw of ${purpose} out of ${range} here`)
      if (!(draw[2] >= 0 && draw[2] < range))
        throw new Error(`the record has a draw of ${purpose} that cannot have been`)
      return draw[2]
    },
  }
}

/** Fisher-Yates: every order equally likely. */
export function shuffle<T>(items: readonly T[], draws: Draws, purpose: string): T[] {
  const result = [...items]
  for (let last = result.length - 1; last > 0; last--) {
    const other = draws(last + 1, purpose)
    const kept = result[last] as T
    result[last] = result[other] as T
    result[other] = kept
  }
  return result
}

/** One of several by their weights, whole numbers from 0 on whose sum is at most 2^32: its place. */
export function choose(weights: readonly number[], draws: Draws, purpose: string): number {
  if (!weights.every((weight) => Number.isInteger(weight) && weight >= 0))
    throw new RangeError('weights are whole numbers')
  let left = draws(
    weights.reduce((sum, weight) => sum + weight, 0),
    purpose,
  )
  return weights.findIndex((weight) => {
    left -= weight
    return left < 0
  })
}
