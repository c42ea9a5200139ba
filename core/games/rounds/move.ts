import { type Command, type Reader, Refusal, systemCommand, type Tx } from '#base'
import * as ledger from '#ledger'
import * as protection from '#protection'
import * as rng from '#rng'
import * as sessions from '#sessions'
import { gameOf } from '../catalogue.ts'
import { roundOver, roundUnknown, stakeTooHigh, stepDiffers } from '../errors.ts'
import { sourceOf } from '../fairness/source.ts'
import type { Game, Played } from '../game.ts'
import { shut } from '../offer.ts'
import { stakeCapOf } from '../policy.ts'
import { advance, type Taken } from './advance.ts'
import { voidRound } from './end.ts'
import type { RoundParts } from './parts.ts'
import { type OpenRound, openRows, stepsOf } from './step.ts'
import { nameOf, numberOf, type RoundView } from './view.ts'

/** What a player wants now in a round of theirs; `step` is how many it had when they decided. */
export type Wish = { wallet: bigint; player: string; session: string; round: string; step: number; move: unknown }

/**
 * Makes a move in the player's open round, once: under the wallet's lock, so that of two at the same moment one decides and the
 * other learns that the round went on. What it stakes besides is held in the same transaction; one who may not play any more stakes
 * nothing more, and may finish [CR-15].
 *
 * @throws Refusal `games.round_unknown`, `games.round_over`, `games.step_differs`, `games.version_not_here`, `games.choice_invalid`,
 * `games.stake_too_high`, `ledger.insufficient_funds`, `protection.…`, `sessions.ended`
 */
export async function move(tx: Tx, command: Command, parts: RoundParts, wish: Wish): Promise<RoundView> {
  await ledger.lockWallet(tx, wish.wallet)
  const round = await openRoundOf(tx, wish.wallet, numberOf(wish.round))
  const { length } = stepsOf(round)
  if (length !== wish.step) throw stepDiffers(length)
  const game = gameOf(round.game, round.version)
  return decide(tx, command, parts, round, game, { move: wish.move }, async (more) => {
    await protection.admit(tx, command, { wallet: wish.wallet, act: 'bet' })
    const alive = await sessions.alive(tx, [wish.session], command.now)
    if (!alive.has(wish.session)) throw sessions.sessionEnded()
    const cap = await stakeCapOf(parts.rules(), game.kind, round.currency, () => parts.ageOf(wish.player))
    if (round.stake + more > cap) throw stakeTooHigh()
  })
}

/**
 * As the rules say for a player who does not come back: the platform decides, and the round tells that it did [GLI-4.16.3c-i]
 * [GLI-4.16.3c-iii].
 */
export async function complete(tx: Tx, command: Command, parts: RoundParts, round: OpenRound): Promise<RoundView> {
  const game = gameOf(round.game, round.version)
  let input: unknown
  try {
    input = fallbackOf(game, JSON.parse(round.state) as Record<string, unknown>)
  } catch (error) {
    return failRound(tx, command, round, error)
  }
  return decide(tx, command, parts, round, game, { move: input, by: 'platform' })
}

function fallbackOf({ id, moves }: Game, state: Record<string, unknown>): unknown {
  const input = moves!.fallback(state)
  if (moves!.stakeOf(state, moves!.read(state, input)) > 0n)
    throw new Error(`the rules of ${id} would stake more for a player who is away`)
  return input
}

/** One step further; where it leaves the player nothing to decide, the rules go on by themselves [GLI-4.16.3a]. */
export async function goOn(
  tx: Tx,
  command: Command,
  parts: RoundParts,
  round: OpenRound,
  taken: Taken,
): Promise<RoundView> {
  const view = await advance(tx, command, parts.rules(), round, taken)
  if (view.status !== 'open' || view.moves!.length > 0) return view
  return complete(tx, command, parts, await openRoundOf(tx, round.wallet, round.round))
}

/** @throws Refusal `games.round_over`, `games.round_unknown`, also for somebody else's */
async function openRoundOf(reader: Reader, wallet: bigint, round: bigint): Promise<OpenRound> {
  const [open] = await reader<OpenRound[]>`${openRows(reader)} where r.wallet = ${wallet} and r.round = ${round}`
  if (open) return open
  const over = await reader`
    select from games.rounds where wallet = ${wallet} and (round = ${round} or transfer = ${round})
    union all select from games.voided_rounds where wallet = ${wallet} and round = ${round}`
  throw over.count > 0 ? roundOver() : roundUnknown()
}

type Decided = Pick<Taken, 'move' | 'by'>

/**
 * What was decided, through the mathematics. Where they fail the round cannot be continued, now or at another try: every stake goes
 * back, and nobody begins another on this version until it was looked at [GLI-A.6.4d].
 */
async function decide(
  tx: Tx,
  command: Command,
  parts: RoundParts,
  round: OpenRound,
  game: Game,
  decided: Decided,
  mayStake?: (more: bigint) => Promise<void>,
): Promise<RoundView> {
  const moves = game.moves!
  const state = JSON.parse(round.state) as Record<string, unknown>
  const read = moves.read(state, decided.move)
  const more = moves.stakeOf(state, read)
  if (more > 0n) await mayStake?.(more)
  const staked = more > 0n ? await holdMore(tx, command, round, more) : { stake: round.stake, holds: round.holds }
  const record = rng.record(await sourceOf(tx, parts, round))
  let played: Played
  try {
    played = moves.make(state, read, record.draws)
  } catch (error) {
    if (error instanceof Refusal) throw error // the generator's, for one: nothing happened
    return failRound(tx, command, { ...round, ...staked }, error)
  }
  return goOn(tx, command, parts, round, { game, played, draws: record.taken, ...decided, ...staked })
}

async function holdMore(tx: Tx, command: Command, round: OpenRound, more: bigint) {
  const hold = `raise:${round.round}:${round.holds.length}`
  const reference = nameOf(round.round)
  await ledger.hold(tx, command, { wallet: round.wallet, hold, amount: more, kind: 'round.held', reference })
  return { stake: round.stake + more, holds: [...round.holds, hold] }
}

/** A failure of the mathematics itself would come again: the version is closed besides [GLI-A.6.4d]. */
async function failRound(tx: Tx, command: Command, round: OpenRound, error: unknown): Promise<RoundView> {
  const why = `the mathematics failed: ${error instanceof Error ? error.message : String(error)}`.slice(0, 300)
  await shut(tx, systemCommand('games.rounds', command.now), { game: round.game, version: round.version, reason: why })
  return voidRound(tx, systemCommand('games.rounds', command.now), round, why)
}
