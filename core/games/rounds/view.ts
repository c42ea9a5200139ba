import { type Currency, showMoney, type WireMoney } from '#base'
import { roundUnknown } from '../errors.ts'

type RoundStatus = 'open' | 'settled' | 'voided'

/** A round as the player sees it. */
export type RoundView = {
  round: string
  game: string
  version: string
  status: RoundStatus
  at: string
  stake: WireMoney
  win: WireMoney
  outcome: Record<string, unknown>
  /** How many steps an open round has had: a move says after which it comes. */
  step?: number
  /** What the player may do now, while the round is open. */
  moves?: readonly string[]
  balance: { cash: WireMoney; bonus: WireMoney; held: WireMoney }
}

export type RoundRow = {
  transfer: bigint
  /** The transfer that began it, where the round had several steps; it names the round. */
  round: bigint | null
  game: string
  version: string
  status: RoundStatus
  stake: bigint
  win: bigint
  outcome: string
  step?: number
  moves?: readonly string[]
  cash: bigint
  bonus: bigint
  held: bigint
  at: Date
  currency: Currency
}

/** The answer to a bet, made from the row alone, so that a repeat gets the same bytes. */
export function viewOf(row: RoundRow): RoundView {
  const show = (amount: bigint) => showMoney({ amount, currency: row.currency })
  return {
    round: nameOf(row.round ?? row.transfer),
    game: row.game,
    version: row.version,
    status: row.status,
    at: row.at.toISOString(),
    stake: show(row.stake),
    win: show(row.win),
    outcome: JSON.parse(row.outcome) as Record<string, unknown>,
    ...(row.moves ? { step: row.step, moves: row.moves } : {}),
    balance: { cash: show(row.cash), bonus: show(row.bonus), held: show(row.held) },
  }
}

/** @throws Refusal `games.round_unknown` for what is no round's name */
export function numberOf(round: string): bigint {
  if (!/^rnd_\d{1,18}$/.test(round)) throw roundUnknown()
  return BigInt(round.slice(4))
}

export function nameOf(round: bigint): string {
  return `rnd_${round}`
}
