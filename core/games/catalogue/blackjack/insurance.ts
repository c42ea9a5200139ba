import { type Fraction, fraction } from '../../fraction.ts'
import { house } from './house.ts'

type Returns = ReadonlyArray<readonly [ways: bigint, win: bigint]>

const tens = 16 * house.packs
/** Without the dealer's open ace. */
const others = 52 * house.packs - 1

/** What insurance brings back of a stake on it when the player holds so many cards that count ten: 3 times that with a ten beneath the ace. */
export function insuranceAt(stake: bigint, held: 0 | 1 | 2): Returns {
  const [ten, all] = [tens - held, others - 2]
  return returned(stake, BigInt(ten), BigInt(all))
}

/** The same over every deal: the player's two cards, then the dealer's second. */
export function insurance(stake: bigint): Returns {
  const dealt = [
    [0, (others - tens) * (others - tens - 1)],
    [1, 2 * tens * (others - tens)],
    [2, tens * (tens - 1)],
  ] as const
  const ten = dealt.reduce((sum, [held, ways]) => sum + ways * (tens - held), 0)
  return returned(stake, BigInt(ten), BigInt(others * (others - 1) * (others - 2)))
}

/** Of one staked. */
export function returnOf(returns: Returns): Fraction {
  const all = returns.reduce((sum, [ways]) => sum + ways, 0n)
  return fraction(
    returns.reduce((sum, [ways, win]) => sum + ways * win, 0n),
    all,
  )
}

function returned(stake: bigint, ten: bigint, all: bigint): Returns {
  return [
    [ten, 3n * stake],
    [all - ten, 0n],
  ]
}
