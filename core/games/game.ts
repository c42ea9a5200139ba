import { createHash } from 'node:crypto'
import { type Currency, canonical } from '#base'
import type { Language } from '#messages'
import type { Draws } from '#rng'
import type { Fraction } from './fraction.ts'
import type { Risks } from './risk.ts'

/**
 * What a step of a round makes. The outcome is plain data of the whole round so far, told to the player as it is. A round that waits for
 * the player's move has a state, which is plain data too and may hold what nobody is told yet; `win` is what the whole round returns, and
 * nothing while it waits.
 */
export type Played = { outcome: Record<string, unknown>; win: bigint; state?: Record<string, unknown> }

/** What chance decides about the return of one choice, stake included: mean and variance in minor units and their square. */
export type Spread = { mean: Fraction; variance: Fraction }

/** What the player decides within a round: cards to hold, another card, one more tile, double or nothing. */
export type Moves<State = Record<string, unknown>, Move = unknown> = {
  /** Reads what the player wants now. @throws Refusal `games.choice_invalid`, also for a move that this state does not allow */
  read(state: State, input: unknown): Move
  /** What this move stakes besides; 0 for most. */
  stakeOf(state: State, move: Move): bigint
  make(state: State, move: Move, draws: Draws): Played
  /** As the rules complete a round whose player does not come back: the move that ends it, input as `read` takes it. */
  fallback(state: State): unknown
  /** The moves that are open now, for the page and for whoever comes back. */
  open(state: State): readonly string[]
}

/** A game as pure mathematics: no time, no randomness of its own. Amounts are minor units. */
export type Game<Choice = unknown> = {
  readonly id: string
  readonly name: string
  readonly kind: 'table' | 'slot' | 'instant'
  /** The folder of the catalogue whose page draws it; its id without one. */
  readonly page?: string
  /** The hash of the mathematics; another RTP is another version [GLI-A.6.1b]. */
  readonly version: string
  /** With the best play, where the player decides. */
  readonly rtp: Fraction
  /** The paytable, the rules, what is needed to draw the game. */
  readonly sheet: Record<string, unknown>
  readonly rules: Readonly<Record<Language, string[]>>
  readonly stakeMin: bigint
  readonly stakeMax: bigint
  /** The most one round can return, in minor units, at the highest stake. */
  readonly winMax: bigint
  /** A choice as a player's page would send it, for whoever measures the game. */
  readonly sample: unknown
  /** Reads what the player chose. @throws Refusal `games.choice_invalid`, `games.stake_out_of_bounds` */
  readChoice(input: unknown, currency: Currency): Choice
  stakeOf(choice: Choice): bigint
  play(choice: Choice, draws: Draws): Played
  /** Of games that wait for the player within a round. */
  readonly moves?: Moves
  /** What one choice can return, its stake included, each with the number of ways in which it comes; by the best play, where the player decides. */
  returns?(choice: Choice): ReadonlyArray<readonly [ways: bigint, win: bigint]>
  /** What the monitor of returns holds a choice against. */
  spread?(choice: Choice): Spread
  /** Of a round of several steps, what of its return `spread` tells of, where the moves that follow change how it deviates. */
  luck?(choice: Choice, outcome: Record<string, unknown>): bigint
  /** Of a round of several steps, what its player put at stake again move by move, of which `spread` tells nothing: double or nothing, one more tile. */
  risks?(choice: Choice, outcome: Record<string, unknown>): Risks
  /** What was put at double or nothing, in a round that offered it: an even chance, of which `spread` tells nothing. */
  gambled?(outcome: Record<string, unknown>): bigint | undefined
  /** The choice as it is kept with the round, and back. */
  writeChoice(choice: Choice): string
  reviveChoice(text: string): Choice
}

export function versionOf(mathematics: unknown): string {
  return createHash('sha256').update(canonical(mathematics)).digest('hex').slice(0, 16)
}
