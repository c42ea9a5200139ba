import { amountMax, type Currency, readMoney } from '#base'
import type * as licences from '#licences'
import type { Game } from './game.ts'
import type { Pace } from './judge.ts'

/** A round is there this long after the time it names, also where clocks differ or its batch was tried again. */
export const settledSeconds = 120

/**
 * How long each game takes at least, from its start to the player's next start [RTS-14D] [RTS-14G-1], and which a player has one of at a time [RTS-14C].
 */
export function paceOf(
  { cycleMsMin, oneAtATime }: Pick<licences.Rules, 'cycleMsMin' | 'oneAtATime'>,
  games: readonly Game[],
): Pace {
  const paced = games.filter(({ kind }) => cycleMsMin[kind] > 0)
  return {
    games: paced.map(({ id }) => id),
    ms: paced.map(({ kind }) => cycleMsMin[kind]),
    sole: games.filter(({ kind }) => oneAtATime.includes(kind)).map(({ id }) => id),
  }
}

/**
 * The most one round of a kind may stake, in minor units, by somebody of an age; the age is asked for only where it matters. Nothing in a currency that a
 * bound says nothing of: what the licence would allow there nobody knows.
 */
export async function stakeCapOf(
  { stakeMax }: Pick<licences.Rules, 'stakeMax'>,
  kind: Game['kind'],
  currency: Currency,
  age: () => Promise<number>,
): Promise<bigint> {
  let cap = amountMax
  for (const { amounts, ageBelow } of stakeMax[kind]) {
    if (ageBelow !== undefined && (await age()) >= ageBelow) continue
    const amount = amounts[currency]
    if (amount === undefined) return 0n
    const bound = readMoney({ amount, currency }).amount
    if (bound < cap) cap = bound
  }
  return cap
}
