import { type Currency, type Reader, showMoney, type WireMoney } from '#base'
import * as rng from '#rng'
import { gameOf } from './catalogue.ts'
import { roundUnknown } from './errors.ts'

/** A round as the player sees it. */
export type RoundView = {
  round: string
  game: string
  version: string
  at: string
  stake: WireMoney
  win: WireMoney
  outcome: Record<string, unknown>
  balance: { cash: WireMoney; bonus: WireMoney; held: WireMoney }
}

type Row = {
  transfer: bigint
  game: string
  version: string
  stake: bigint
  win: bigint
  outcome: string
  cash: bigint
  bonus: bigint
  held: bigint
  at: Date
  currency: Currency
}

/** The answer to a bet, made from the row alone, so that a repeat gets the same bytes. */
export function viewOf(row: Row): RoundView {
  const show = (amount: bigint) => showMoney({ amount, currency: row.currency })
  return {
    round: `rnd_${row.transfer}`,
    game: row.game,
    version: row.version,
    at: row.at.toISOString(),
    stake: show(row.stake),
    win: show(row.win),
    outcome: JSON.parse(row.outcome) as Record<string, unknown>,
    balance: { cash: show(row.cash), bonus: show(row.bonus), held: show(row.held) },
  }
}

/** Newest first; `before` is the last round seen. */
export async function history(
  reader: Reader,
  wallet: bigint,
  page: { before?: string; limit: number },
): Promise<RoundView[]> {
  const before = page.before === undefined ? undefined : numberOf(page.before)
  const rows = await reader<Row[]>`
    select r.transfer, r.game, r.version, r.stake, r.win, r.outcome, r.cash, r.bonus, r.held, r.at, w.currency
    from games.rounds r join ledger.wallets w on w.wallet = r.wallet
    where r.wallet = ${wallet} ${before === undefined ? reader`` : reader`and r.transfer < ${before}`}
    order by r.transfer desc limit ${page.limit}`
  return rows.map(viewOf)
}

export type Recall = RoundView & {
  choice: unknown
  draws: rng.Draw[]
  balanceBefore: WireMoney
  /** The recorded draws, through the recorded version of the mathematics, give the recorded outcome. */
  replay: 'identical' | 'different' | 'version_not_here'
}

/**
 * A round again, in full, replayed from its recorded draws.
 *
 * @throws Refusal `games.round_unknown`, also for somebody else's
 */
export async function recall(reader: Reader, wallet: bigint, round: string): Promise<Recall> {
  const [row] = await reader<Array<Row & { choice: string; draws: string }>>`
    select r.*, w.currency from games.rounds r join ledger.wallets w on w.wallet = r.wallet
    where r.wallet = ${wallet} and r.transfer = ${numberOf(round)}`
  if (!row) throw roundUnknown()
  const draws = JSON.parse(row.draws) as rng.Draw[]
  return {
    ...viewOf(row),
    choice: JSON.parse(row.choice) as unknown,
    draws,
    balanceBefore: showMoney({ amount: row.cash - row.win + row.stake, currency: row.currency }),
    replay: replayOf(row, draws),
  }
}

/** Which transfer booked a round of the wallet, and when. @throws Refusal `games.round_unknown`, also for somebody else's */
export async function bookingOf(
  reader: Reader,
  wallet: bigint,
  round: string,
): Promise<{ transfer: bigint; at: Date }> {
  const [row] = await reader<Array<{ transfer: bigint; at: Date }>>`
    select transfer, at from games.rounds where wallet = ${wallet} and transfer = ${numberOf(round)}`
  if (!row) throw roundUnknown()
  return row
}

function replayOf(row: Row & { choice: string }, draws: rng.Draw[]): Recall['replay'] {
  const game = gameOf(row.game)
  if (game.version !== row.version) return 'version_not_here'
  try {
    const tape = rng.replay(draws)
    const { outcome, win } = game.play(game.reviveChoice(row.choice), tape.draws)
    return tape.finished() && JSON.stringify(outcome) === row.outcome && win === row.win ? 'identical' : 'different'
  } catch {
    return 'different'
  }
}

function numberOf(round: string): bigint {
  if (!/^rnd_\d{1,18}$/.test(round)) throw roundUnknown()
  return BigInt(round.slice(4))
}
