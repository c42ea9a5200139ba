import type { Reader } from '#base'
import * as ledger from '#ledger'

/**
 * What of a round's stake and win was incentive or jackpot money, in minor units, and what of the stake went to jackpots: as the books say
 * [GLI-2.8.2]. Stakes that are held came out of cash.
 */
export type Shares = {
  stakedOfIncentives: bigint
  wonOfIncentives: bigint
  wonOfJackpots: bigint
  toJackpots: bigint
}

type Booked = { wallet: bigint; transfer: bigint; at: Date }

/** The shares of rounds that are over, by the transfer that ended each; of one whose month of the books is archived they cannot be told here. */
export async function sharesOf(reader: Reader, rounds: readonly Booked[]): Promise<ReadonlyMap<bigint, Shares>> {
  const legs = await ledger.legsOf(reader, rounds)
  return new Map([...legs].map(([transfer, moved]) => [transfer, sharesIn(moved)]))
}

function sharesIn(legs: readonly ledger.Moved[]): Shares {
  const sum = (side: 'source' | 'target', account: string) =>
    legs.filter((leg) => leg[side] === account).reduce((total, { amount }) => total + amount, 0n)
  return {
    stakedOfIncentives: sum('source', 'bonus'),
    wonOfIncentives: sum('target', 'bonus'),
    wonOfJackpots: sum('source', 'jackpot.pools'),
    toJackpots: sum('target', 'jackpot.pools'),
  }
}
