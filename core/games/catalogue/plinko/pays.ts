/** From the edge to the middle; the other half is its mirror. */
const mirrored = (half: number[]) => [...half, ...half.slice(0, -1).reverse()]

/**
 * What each bucket pays in hundredths of the stake, by rows and risk. A bucket comes in C(rows, bucket) of 2^rows ways, and the edges take
 * what is left of the 99 % when the others are set, to the hundredth.
 */
export const pays = {
  8: {
    low: mirrored([522, 180, 120, 100, 50]),
    medium: mirrored([1242, 300, 140, 60, 50]),
    high: mirrored([2732, 420, 150, 30, 20]),
  },
  12: {
    low: mirrored([1022, 320, 190, 130, 110, 100, 50]),
    medium: mirrored([3202, 1000, 420, 200, 110, 60, 30]),
    high: mirrored([15_022, 2600, 800, 200, 70, 20, 20]),
  },
  16: {
    low: mirrored([1642, 900, 200, 140, 140, 120, 110, 100, 50]),
    medium: mirrored([12_032, 4200, 900, 500, 270, 150, 100, 50, 40]),
    high: mirrored([99_972, 12_000, 2600, 800, 440, 200, 20, 20, 20]),
  },
}

export function bucketOf(path: readonly number[]): number {
  return path.reduce((sum, right) => sum + right, 0)
}

/** In how many ways a ball reaches each bucket. */
export function binomials(rows: number): bigint[] {
  return Array.from({ length: rows }).reduce<bigint[]>(
    (above) => [...above, 0n].map((ways, bucket) => ways + (above[bucket - 1] ?? 0n)),
    [1n],
  )
}
