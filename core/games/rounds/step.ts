import type { Currency, Reader } from '#base'
import { type RoundView, viewOf } from './view.ts'

/** One step of a round as it is kept: what was decided, by whom, and shown; amounts are minor units as digits. */
export type Step = {
  at: string
  /** Absent at the first step, which the choice decided. As it came, so that the mathematics reads it again. */
  move?: unknown
  /** The player did not come back, and the rules decided. */
  by?: 'platform'
  /** How many of the round's draws it took. */
  drawn: number
  outcome: Record<string, unknown>
  /** The moves that were open then; none at the last step. */
  moves: readonly string[]
  /** What was staked until then, all together. */
  stake: string
  cash: string
  bonus: string
  held: string
}

/** A round that waits, as its row says. The draws and the state are nobody's to see yet. */
export type OpenRound = {
  wallet: bigint
  round: bigint
  game: string
  version: string
  session: string
  stake: bigint
  holds: string[]
  choice: string
  state: string
  draws: string
  steps: string
  begunAt: Date
  /** Of its last step. */
  at: Date
  currency: Currency
}

export function stepsOf({ steps }: { steps: string }): Step[] {
  return JSON.parse(steps) as Step[]
}

/** The cash that a round which is over began with, in minor units. */
export function cashBefore(
  { cash, win, stake }: { cash: bigint; win: bigint; stake: bigint },
  [first]: readonly Step[],
): bigint {
  return first ? BigInt(first.cash) + BigInt(first.stake) : cash - win + stake
}

/** A round as it was after its n-th step, from what is kept alone, so that a repeat gets the same bytes. */
export function viewOfStep(
  { round, game, version, currency }: Pick<OpenRound, 'round' | 'game' | 'version' | 'currency'>,
  step: Step,
  n: number,
): RoundView {
  return viewOf({
    transfer: round,
    round,
    game,
    version,
    status: 'open',
    stake: BigInt(step.stake),
    win: 0n,
    outcome: JSON.stringify(step.outcome),
    step: n,
    moves: step.moves,
    cash: BigInt(step.cash),
    bonus: BigInt(step.bonus),
    held: BigInt(step.held),
    at: new Date(step.at),
    currency,
  })
}

/** The player's rounds that wait, exactly as they were, the last first. */
export async function waitingRounds(reader: Reader, wallet: bigint): Promise<RoundView[]> {
  const rows = await reader<OpenRound[]>`${openRows(reader)} where r.wallet = ${wallet} order by r.round desc`
  return rows.map(viewOfOpen)
}

export function viewOfOpen(row: OpenRound): RoundView {
  const steps = stepsOf(row)
  return viewOfStep(row, steps.at(-1)!, steps.length)
}

export function openRows(reader: Reader) {
  return reader`
    select r.wallet, r.round, r.game, r.version, r.session, r.stake, r.holds, r.choice, r.state, r.draws, r.steps,
      r.begun_at as "begunAt", r.at, w.currency
    from games.open_rounds r join ledger.wallets w on w.wallet = r.wallet`
}
