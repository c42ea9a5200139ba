/** An exact ratio; probabilities and returns are kept as such and never rounded on the way. */
export type Fraction = { readonly n: bigint; readonly d: bigint }

export function fraction(n: bigint | number, d: bigint | number = 1n): Fraction {
  return reduce(BigInt(n), BigInt(d))
}

export function add(a: Fraction, b: Fraction): Fraction {
  return reduce(a.n * b.d + b.n * a.d, a.d * b.d)
}

export function multiply(a: Fraction, b: Fraction): Fraction {
  return reduce(a.n * b.n, a.d * b.d)
}

export function divide(a: Fraction, b: Fraction): Fraction {
  return reduce(a.n * b.d, a.d * b.n)
}

export function subtract(a: Fraction, b: Fraction): Fraction {
  return add(a, { n: -b.n, d: b.d })
}

/** For showing only. */
export function toNumber({ n, d }: Fraction): number {
  const scale = 10n ** 15n
  return Number((n * scale) / d) / 1e15
}

/** `96.2041 %`, cut, not rounded up: a return is never shown higher than it is. */
export function showPercent(value: Fraction, places = 4): string {
  const scaled = (value.n * 100n * 10n ** BigInt(places)) / value.d
  const digits = scaled.toString().padStart(places + 1, '0')
  return `${digits.slice(0, -places)}.${digits.slice(-places)} %`
}

function reduce(n: bigint, d: bigint): Fraction {
  if (d === 0n) throw new RangeError('a fraction over zero')
  let [a, b] = [n < 0n ? -n : n, d < 0n ? -d : d]
  while (b !== 0n) [a, b] = [b, a % b]
  const divisor = d < 0n ? -a : a
  return { n: n / divisor, d: d / divisor }
}
