import type { Draws } from '#rng'
import { fraction } from '../fraction.ts'
import { addRisks, noRisks, type Risks, riskOf } from '../risk.ts'
import type { GambleSheet } from './sheet.ts'

const suits = ['hearts', 'diamonds', 'clubs', 'spades'] as const
type Suit = (typeof suits)[number]
const colours = { red: ['hearts', 'diamonds'], black: ['clubs', 'spades'] } as const
const ranks = ['2', '3', '4', '5', '6', '7', '8', '9', '10', 'J', 'Q', 'K', 'A'] as const

export type GambleOn = Suit | keyof typeof colours

/** One card of a whole pack; `amount` is what the round stands at after it, in minor units. */
export type GambleStep = {
  on: GambleOn
  card: { rank: (typeof ranks)[number]; suit: Suit }
  won: boolean
  amount: bigint
}

export function isGambleOn(on: unknown): on is GambleOn {
  return typeof on === 'string' && (Object.hasOwn(colours, on) || (suits as readonly string[]).includes(on))
}

/** Half of the cards pay twice, a quarter four times: on average exactly what was gambled [GLI-4.8.5d]. */
function timesOf(on: GambleOn): bigint {
  return Object.hasOwn(colours, on) ? 2n : 4n
}

/** On what may be gambled now; nothing when the sheet ends it here. */
export function gamblesOpen(sheet: GambleSheet, at: { amount: bigint; stake: bigint; steps: number }): GambleOn[] {
  if (at.amount === 0n || at.steps >= sheet.stepsMax) return []
  return [...(Object.keys(colours) as GambleOn[]), ...suits].filter(
    (on) => at.amount * timesOf(on) <= at.stake * BigInt(sheet.timesMax),
  )
}

/** What was put at stake card by card, from what the round had won. */
export function gambleRisks(from: bigint, steps: ReadonlyArray<Pick<GambleStep, 'on' | 'won' | 'amount'>>): Risks {
  return steps
    .map(({ on, won }, index) => {
      const staked = index === 0 ? from : steps[index - 1]!.amount
      return riskOf(staked, staked * timesOf(on), fraction(1n, timesOf(on)), won)
    })
    .reduce(addRisks, noRisks)
}

export function gamble(on: GambleOn, amount: bigint, draws: Draws): GambleStep {
  const drawn = draws(52, 'card')
  const suit = suits[Math.floor(drawn / ranks.length)] as Suit
  const covered: readonly string[] = on === 'red' || on === 'black' ? colours[on] : [on]
  const won = covered.includes(suit)
  return {
    on,
    card: { rank: ranks[drawn % ranks.length] as (typeof ranks)[number], suit },
    won,
    amount: won ? amount * timesOf(on) : 0n,
  }
}
