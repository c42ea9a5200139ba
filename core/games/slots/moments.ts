import { add, type Fraction, fraction, multiply, subtract } from '../fraction.ts'

/** Mean and mean square of what chance gives, exactly. */
export type Moments = { mean: Fraction; square: Fraction }

export const nothing: Moments = { mean: fraction(0), square: fraction(0) }

/** Of two that do not depend on each other, together. */
export function both(a: Moments, b: Moments): Moments {
  return {
    mean: add(a.mean, b.mean),
    square: add(add(a.square, b.square), multiply(fraction(2), multiply(a.mean, b.mean))),
  }
}

/** Of the sum of so many, each anew. */
export function repeated(one: Moments, times: number): Moments {
  const n = fraction(times)
  return {
    mean: multiply(n, one.mean),
    square: add(multiply(n, one.square), multiply(fraction(times * (times - 1)), multiply(one.mean, one.mean))),
  }
}

/** Of one of several, by weights. */
export function mixture(parts: ReadonlyArray<readonly [of: Moments, weight: number | bigint]>): Moments {
  const total = parts.reduce((sum, [, weight]) => sum + BigInt(weight), 0n)
  const over = (pick: (of: Moments) => Fraction) =>
    parts.reduce((sum, [of, weight]) => add(sum, multiply(pick(of), fraction(weight, total))), fraction(0))
  return { mean: over((of) => of.mean), square: over((of) => of.square) }
}

export function certain(value: number): Moments {
  return { mean: fraction(value), square: fraction(BigInt(value) ** 2n) }
}

export function scaled({ mean, square }: Moments, factor: Fraction): Moments {
  return { mean: multiply(mean, factor), square: multiply(square, multiply(factor, factor)) }
}

export function varianceOf({ mean, square }: Moments): Fraction {
  return subtract(square, multiply(mean, mean))
}
