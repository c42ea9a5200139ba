import { createHash } from 'node:crypto'
import { type Currency, canonical } from '#base'
import type { Draws } from '#rng'
import type { Fraction } from './fraction.ts'

/** What a game's mathematics makes of a choice and draws. The outcome is plain data, told to the player as it is. */
type Played = { outcome: Record<string, unknown>; win: bigint }

/** A game as pure mathematics: no time, no state, no randomness of its own. Amounts are minor units. */
export type Game<Choice = unknown> = {
  readonly id: string
  readonly name: string
  readonly kind: 'table' | 'slot'
  /** The hash of the mathematics; another RTP is another version [GLI-A.6.1b]. */
  readonly version: string
  readonly rtp: Fraction
  /** The paytable, the rules, what is needed to draw the game. */
  readonly sheet: Record<string, unknown>
  readonly rules: Record<'en', string[]>
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
  /** The choice as it is kept with the round, and back. */
  writeChoice(choice: Choice): string
  reviveChoice(text: string): Choice
}

export function versionOf(mathematics: unknown): string {
  return createHash('sha256').update(canonical(mathematics)).digest('hex').slice(0, 16)
}
