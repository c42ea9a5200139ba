/**
 * How probable a deviation is by chance. Both are upper tails, between 0 and 1, to about twelve digits where they are not below 1e-12.
 * Source: Abramowitz and Stegun, 6.5 and 26.4.
 */

/** That a chi-square variable with so many degrees of freedom is at least this large. */
export function chiSquareTail(value: number, degrees: number): number {
  return value <= 0 ? 1 : upperGamma(degrees / 2, value / 2)
}

/** That a standard normal variable is at least as far from zero as this. */
export function normalTails(z: number): number {
  return chiSquareTail(z * z, 1)
}

/** The regularised incomplete gamma function Q(a, x): a series below a + 1, a continued fraction above (Lentz). */
function upperGamma(a: number, x: number): number {
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a))
  if (x < a + 1) {
    let [term, sum] = [1 / a, 1 / a]
    for (let n = 1; n < 10_000 && term > sum * 1e-16; n++) {
      term *= x / (a + n)
      sum += term
    }
    return Math.max(0, 1 - sum * scale)
  }
  const tiny = 1e-300
  let b = x + 1 - a
  let [c, d] = [1 / tiny, 1 / b]
  let fraction = d
  for (let n = 1; n < 10_000; n++) {
    const an = -n * (n - a)
    b += 2
    d = 1 / (Math.abs(an * d + b) < tiny ? tiny : an * d + b)
    c = b + an / c
    if (Math.abs(c) < tiny) c = tiny
    fraction *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return Math.min(1, fraction * scale)
}

/** Stirling's series, after the argument was raised to where it is exact to the last digits. */
function logGamma(x: number): number {
  if (x < 15) return logGamma(x + 1) - Math.log(x)
  const inverse = 1 / (x * x)
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680 - inverse / 1188)))) / x
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series
}
