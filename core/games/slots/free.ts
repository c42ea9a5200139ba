import type { Draws } from '#rng'
import { add, divide, type Fraction, fraction, multiply, subtract } from '../fraction.ts'
import type { Moments } from './moments.ts'
import type { FreeSpinsSheet } from './sheet.ts'
import type { Spin, Spinner } from './spin.ts'

/** All free spins that a paid spin brought, one after the other, and how many were awarded in all. */
export function playFree(
  sheet: FreeSpinsSheet | undefined,
  base: Spin,
  spinner: Spinner,
  draws: Draws,
): { spins: Spin[]; awarded: number } {
  const spins: Spin[] = []
  const more = (spin: Spin) =>
    sheet && spin.scatters >= sheet.from && (sheet.totalMax ?? Infinity) >= awarded + sheet.count ? sheet.count : 0
  let awarded = 0
  awarded += more(base)
  while (spins.length < awarded) {
    const next = spinner.spin(draws, 'free reel')
    spins.push(next)
    awarded += more(next)
  }
  return { spins, awarded }
}

/** Sums over every spin of a cycle, in parts of the stake: of pays, of their squares, of the pays of those that bring free spins; and how many do. */
export type SpinSums = { cycle: bigint; times: bigint; squares: bigint; triggerTimes: bigint; triggers: bigint }

/** What the free spins of one trigger pay, in parts of the stake, with all that they bring; and how many they are on average. */
export function freeMoments(sheet: FreeSpinsSheet, sums: SpinSums): Moments & { spins: Fraction } {
  return sheet.totalMax === undefined ? withoutEnd(sheet, sums) : upTo(sheet, sheet.totalMax, sums)
}

/**
 * Let A be what one free spin pays with all that descend from it: m W, and where it triggers F more of its kind, each independent. So
 * E[A] = m E[W] / (1 - F p), and E[A²] = (m² E[W²] + 2 m F E[W T] E[A] + p F (F - 1) E[A]²) / (1 - F p). The feature is F of them.
 * @throws RangeError when they would go on for ever
 */
function withoutEnd({ count, multiplier }: FreeSpinsSheet, sums: SpinSums): Moments & { spins: Fraction } {
  const share = (of: bigint) => fraction(of, sums.cycle)
  const [f, m] = [fraction(count), fraction(multiplier)]
  const ends = subtract(fraction(1), multiply(f, share(sums.triggers)))
  if (ends.n <= 0n) throw new RangeError('these free spins bring more than they are and never end')
  const mean = divide(multiply(m, share(sums.times)), ends)
  const meanSquared = multiply(mean, mean)
  const pairs = fraction(count * (count - 1))
  const square = divide(
    add(
      add(
        multiply(multiply(m, m), share(sums.squares)),
        multiply(multiply(fraction(2 * multiplier * count), share(sums.triggerTimes)), mean),
      ),
      multiply(multiply(share(sums.triggers), pairs), meanSquared),
    ),
    ends,
  )
  return {
    mean: multiply(f, mean),
    square: add(multiply(f, square), multiply(pairs, meanSquared)),
    spins: divide(f, ends),
  }
}

/**
 * With an end: from every state (spins left, awarded so far), counted down. All numerators stand over powers of the cycle, as many as spins can
 * still come, so that only the last fraction is reduced.
 */
function upTo({ count, multiplier }: FreeSpinsSheet, totalMax: number, sums: SpinSums): Moments & { spins: Fraction } {
  const { cycle, triggers } = sums
  const m = BigInt(multiplier)
  const [w, ww, wt] = [m * sums.times, m * m * sums.squares, m * sums.triggerTimes]
  const most = (left: number, awarded: number) => left + Math.max(0, Math.floor((totalMax - awarded) / count)) * count
  const known = new Map<number, { pay: bigint; square: bigint; spins: bigint }>()
  const from = (left: number, awarded: number): { pay: bigint; square: bigint; spins: bigint } => {
    if (left === 0) return { pay: 0n, square: 0n, spins: 0n }
    const name = left * (totalMax + count) + awarded
    const before = known.get(name)
    if (before) return before
    const rest = from(left - 1, awarded)
    // Where no more are awarded, it makes no difference whether this one would.
    const onward = awarded + count <= totalMax ? from(left - 1 + count, awarded + count) : rest
    const unit = cycle ** BigInt(most(left, awarded) - 1)
    const result = {
      spins: cycle * unit + triggers * onward.spins + (cycle - triggers) * rest.spins,
      pay: w * unit + triggers * onward.pay + (cycle - triggers) * rest.pay,
      square:
        ww * unit +
        2n * (wt * onward.pay + (w - wt) * rest.pay) +
        triggers * onward.square +
        (cycle - triggers) * rest.square,
    }
    known.set(name, result)
    return result
  }
  const { pay, square, spins } = from(count, count)
  const over = cycle ** BigInt(most(count, count))
  return { mean: fraction(pay, over), square: fraction(square, over), spins: fraction(spins, over) }
}
