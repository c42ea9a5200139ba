import * as audit from '#audit'
import { type Command, type Currency, isCurrency, readMoney, type Tx } from '#base'
import * as ledger from '#ledger'
import type * as licences from '#licences'
import type { Bet, Settled } from './settle.ts'

/** From which stake or win on a round is a significant event, in minor units of each currency. */
export type LargeBounds = {
  readonly byCurrency: ReadonlyMap<Currency, { stake: bigint; win: bigint }>
  /** The lowest of all, for a glance on the hot path that need not know the currency. */
  readonly stakeMin: bigint
  readonly winMin: bigint
}

export function largeBoundsOf({ significant }: Pick<licences.Rules, 'significant'>): LargeBounds {
  const byCurrency = new Map<Currency, { stake: bigint; win: bigint }>()
  for (const [currency, bounds] of Object.entries(significant)) {
    if (!isCurrency(currency)) continue
    const least = (amount: string) => readMoney({ amount, currency }).amount
    byCurrency.set(currency, { stake: least(bounds.stake), win: least(bounds.win) })
  }
  const lowest = (which: 'stake' | 'win') =>
    [...byCurrency.values()].reduce((min, bounds) => (bounds[which] < min ? bounds[which] : min), 10n ** 18n)
  return { byCurrency, stakeMin: lowest('stake'), winMin: lowest('win') }
}

export function mayBeLarge(bounds: LargeBounds, bet: Pick<Bet, 'stake' | 'win'>): boolean {
  return bet.stake >= bounds.stakeMin || bet.win >= bounds.winMin
}

/**
 * Writes down the large wins [GLI-2.8.8d] and large wagers [GLI-2.8.8e] of a batch, in its transaction. Rounds that were
 * replayed or refused are not told.
 */
export async function noteLarge(
  tx: Tx,
  at: Date,
  bounds: LargeBounds,
  bets: readonly Bet[],
  settled: readonly Settled[],
): Promise<void> {
  for (const { item, code, transfer, ...round } of settled) {
    if (code !== 'posted') continue
    const { wallet, requestId = '' } = bets[item - 1]!
    await noteIfLarge(tx, { now: at, requestId }, bounds, { ...round, wallet, round: `rnd_${transfer}` })
  }
}

type Round = Pick<Settled, 'game' | 'version' | 'stake' | 'win'> & { wallet: bigint; round: string }

/** The same for one round. */
export async function noteIfLarge(
  tx: Tx,
  { now, requestId }: Pick<Command, 'now' | 'requestId'>,
  bounds: LargeBounds,
  { wallet, round, game, version, stake, win }: Round,
): Promise<void> {
  if (!mayBeLarge(bounds, { stake, win })) return
  const { player, currency } = await ledger.ownerOf(tx, wallet)
  const bound = bounds.byCurrency.get(currency)
  if (!bound) return
  const command = { actor: { kind: 'player' as const, id: player }, now, requestId }
  const event = { subject: round, player, detail: { player, currency, stake, win, round, game, version } }
  if (stake >= bound.stake) await audit.record(tx, command, { action: 'games.large_stake', ...event })
  if (win >= bound.win) await audit.record(tx, command, { action: 'games.large_win', ...event })
}
