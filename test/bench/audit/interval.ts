/** What pairs of measurements say: an estimate, and where the truth lies with 95 % confidence. */
export type Estimate = { value: number; low: number; high: number }

/** Of how many pairs, and the two figures that tables give for that many, two-sided 95 %. */
export const pairs = 20
const studentT = 2.093 // 19 degrees of freedom
const signedRank = 52 // Wilcoxon: the largest rank sum that is significant (Wilcoxon & Wilcox 1964)

/** The mean with Student's interval: exact where differences are normal, and wide where single pairs were disturbed. */
export function meanOf(values: readonly number[]): Estimate {
  const value = values.reduce((sum, each) => sum + each, 0) / pairs
  const deviation = Math.sqrt(values.reduce((sum, each) => sum + (each - value) ** 2, 0) / (pairs - 1))
  const half = (studentT * deviation) / Math.sqrt(pairs)
  return { value, low: value - half, high: value + half }
}

/**
 * The median of the means of every two of the values (Hodges and Lehmann 1963), and the interval that Wilcoxon's signed-rank test does
 * not reject: no pair is left out, and one that a neighbour on the machine disturbed moves it little.
 */
export function medianOfMeans(values: readonly number[]): Estimate {
  const means = values.flatMap((one, n) => values.slice(n).map((other) => (one + other) / 2)).sort((a, b) => a - b)
  const middle = means.length / 2
  return {
    value: (means[Math.ceil(middle) - 1]! + means[Math.floor(middle)]!) / 2,
    low: means[signedRank]!,
    high: means[means.length - 1 - signedRank]!,
  }
}

export function shown({ value, low, high }: Estimate): string {
  return `${value.toFixed(2)} % [${low.toFixed(2)}, ${high.toFixed(2)}]`
}
