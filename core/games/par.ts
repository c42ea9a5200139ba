import { add, divide, type Fraction, fraction, multiply, subtract } from './fraction.ts'
import { lineWin, type SlotSheet } from './slot.ts'

/** What a slot's sheet implies, exactly, by enumeration of all reel stops. Returns are shares of the stake. */
export type Par = {
  linePays: Fraction
  scatterPays: Fraction
  featurePays: Fraction
  rtp: Fraction
  /** The chance that one line wins. */
  lineHits: Fraction
  featureChance: Fraction
  freeSpinsPerFeature: Fraction
}

/**
 * The lines share one distribution, because each shows one symbol per reel, so one line is enumerated over symbols
 * weighted by how often they stand on each strip; scatters over the windows of each reel. Free spins use the same strips
 * at a multiplier, so their expected pay is their expected number times one spin's (Wald's identity).
 */
export function par(sheet: SlotSheet): Par {
  const { pays, hits } = enumerateLine(sheet)
  const scatters = scatterDistribution(sheet)
  const scatterPays = scatters.reduce(
    (sum, chance, count) => add(sum, multiply(chance, fraction(sheet.scatterPays[count] ?? 0))),
    fraction(0),
  )
  const featureChance = scatters.reduce(
    (sum, chance, count) => (count >= sheet.freeSpins.from ? add(sum, chance) : sum),
    fraction(0),
  )
  const freeSpinsPerFeature = expectedFreeSpins(sheet, featureChance)
  const perSpin = add(pays, scatterPays)
  const featurePays = multiply(
    multiply(featureChance, freeSpinsPerFeature),
    multiply(fraction(sheet.freeSpins.multiplier), perSpin),
  )
  return {
    linePays: pays,
    scatterPays,
    featurePays,
    rtp: add(perSpin, featurePays),
    lineHits: hits,
    featureChance,
    freeSpinsPerFeature,
  }
}

function enumerateLine(sheet: SlotSheet): { pays: Fraction; hits: Fraction } {
  const reels = sheet.strips.map((strip) => {
    const counts = new Map<string, number>()
    for (const symbol of strip) counts.set(symbol, (counts.get(symbol) ?? 0) + 1)
    return [...counts]
  })
  let pays = 0n
  let hits = 0n
  const walk = (symbols: string[], weight: bigint): void => {
    const reel = reels[symbols.length]
    if (!reel) {
      const times = lineWin(sheet, symbols)?.times ?? 0
      if (times > 0) hits += weight
      pays += weight * BigInt(times)
      return
    }
    for (const [symbol, count] of reel) walk([...symbols, symbol], weight * BigInt(count))
  }
  walk([], 1n)
  const cycle = sheet.strips.reduce((product, strip) => product * BigInt(strip.length), 1n)
  return { pays: fraction(pays, cycle), hits: fraction(hits, cycle) }
}

/** The chance of 0, 1, 2 … scatters in view. */
function scatterDistribution(sheet: SlotSheet): Fraction[] {
  return sheet.strips.reduce<Fraction[]>(
    (sofar, strip) => {
      const inView = strip.map(
        (_, stop) =>
          Array.from({ length: sheet.rows }, (_, row) => strip[(stop + row) % strip.length]).filter(
            (symbol) => symbol === sheet.scatter,
          ).length,
      )
      const result: Fraction[] = []
      sofar.forEach((chance, count) => {
        for (const seen of inView)
          result[count + seen] = add(result[count + seen] ?? fraction(0), multiply(chance, fraction(1, strip.length)))
      })
      return Array.from(result, (chance) => chance ?? fraction(0))
    },
    [fraction(1)],
  )
}

function expectedFreeSpins({ freeSpins }: SlotSheet, chance: Fraction): Fraction {
  const { count, totalMax } = freeSpins
  if (totalMax === undefined) return divide(fraction(count), subtract(fraction(1), multiply(fraction(count), chance)))
  return cappedFreeSpins({ count, totalMax }, chance)
}

/**
 * With a cap: expected spins from (left to play, awarded so far), counted down. All numerators stand over powers of the
 * chance's one denominator, as many as spins can still come, so that only the last fraction is reduced.
 */
function cappedFreeSpins({ count, totalMax }: { count: number; totalMax: number }, chance: Fraction): Fraction {
  const powers = [1n]
  const power = (n: number): bigint => {
    while (powers.length <= n) powers.push(powers.at(-1)! * chance.d)
    return powers[n]!
  }
  const known = new Map<string, bigint>()
  const spinsAtMost = (left: number, awarded: number) => left + Math.floor((totalMax - awarded) / count) * count
  const numerator = (left: number, awarded: number): bigint => {
    if (awarded + count > totalMax || left === 0) return BigInt(left) * power(spinsAtMost(left, awarded))
    const name = `${left}/${awarded}`
    const before = known.get(name)
    if (before !== undefined) return before
    const result =
      power(spinsAtMost(left, awarded)) +
      chance.n * numerator(left - 1 + count, awarded + count) +
      (chance.d - chance.n) * numerator(left - 1, awarded)
    known.set(name, result)
    return result
  }
  return fraction(numerator(count, count), power(spinsAtMost(count, count)))
}
