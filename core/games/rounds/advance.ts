import type { Command, Tx } from '#base'
import * as ledger from '#ledger'
import type * as rng from '#rng'
import type { Game, Played } from '../game.ts'
import type { PlayRules } from '../play-rules.ts'
import { settleRound } from './end.ts'
import { type OpenRound, type Step, stepsOf, viewOfStep } from './step.ts'
import type { RoundView } from './view.ts'

/** What a step did: the mathematics' answer, what it drew, and what the wallet has after it. */
export type Taken = Pick<Step, 'move' | 'by'> & {
  game: Game
  played: Played
  draws: readonly rng.Draw[]
  /** What the round stakes now, all together, and what holds it. */
  stake: bigint
  holds: string[]
}

/** Goes one step on: the round waits anew, or is settled. In the caller's transaction, under the wallet's lock. */
export async function advance(
  tx: Tx,
  command: Command,
  rules: PlayRules,
  before: OpenRound,
  taken: Taken,
): Promise<RoundView> {
  const { game, played, draws, stake, holds, ...decided } = taken
  const moves = played.state === undefined ? [] : game.moves!.open(played.state)
  const steps = stepsOf(before)
  const { cash, bonus, held } = await ledger.balance(tx, before.wallet)
  const step: Step = {
    at: command.now.toISOString(),
    ...decided,
    drawn: draws.length,
    outcome: played.outcome,
    moves,
    stake: String(stake),
    ...{ cash: String(cash), bonus: String(bonus), held: String(held) },
  }
  const round: OpenRound = {
    ...before,
    ...{ stake, holds, state: JSON.stringify(played.state ?? null) },
    draws: JSON.stringify([...(JSON.parse(before.draws) as rng.Draw[]), ...draws]),
    steps: JSON.stringify([...steps, step]),
  }
  if (played.state === undefined) return settleRound(tx, command, rules, round, played)
  await tx`
    insert into games.open_rounds (wallet, game, round, version, session, stake, holds, choice, state, draws, steps, begun_at, at)
    values (${round.wallet}, ${round.game}, ${round.round}, ${round.version}, ${round.session}, ${stake}, ${holds}, ${round.choice},
      ${round.state}, ${round.draws}, ${round.steps}, ${round.begunAt}, ${command.now})
    on conflict (wallet, game) do update set
      stake = excluded.stake, holds = excluded.holds, state = excluded.state, draws = excluded.draws, steps = excluded.steps, at = excluded.at`
  return viewOfStep(round, step, steps.length + 1)
}
