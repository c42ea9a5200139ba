import { z } from '@hono/zod-openapi'
import { wireMoney } from './face.ts'
import { seedsSchema } from './seeds-shapes.ts'

/** Rounds as both faces tell them. */
export const gameId = z.string().max(40).openapi({ example: 'roulette-european' })

export const roundSchema = z
  .object({
    round: z.string().openapi({ example: 'rnd_1042' }),
    game: gameId,
    version: z.string(),
    status: z.enum(['open', 'settled', 'voided']),
    at: z.iso.datetime(),
    stake: wireMoney.openapi({ description: 'Of an open round what is held for it.' }),
    win: wireMoney,
    outcome: z.record(z.string(), z.unknown()),
    step: z.number().int().optional().openapi({ description: 'How many steps an open round has had.' }),
    moves: z
      .array(z.string())
      .readonly()
      .optional()
      .openapi({ description: 'What may be done now, while it is open.' }),
    balance: z.object({ cash: wireMoney, bonus: wireMoney, held: wireMoney }),
  })
  .openapi('Round')

export const recallSchema = roundSchema
  .extend({
    fair: seedsSchema.optional().openapi({ description: 'Of a provably fair round, by which seeds it was drawn.' }),
    choice: z.unknown(),
    draws: z.array(z.unknown()).openapi({ description: 'None while the round is open.' }),
    steps: z.array(
      z.object({
        at: z.iso.datetime(),
        move: z.unknown(),
        by: z.enum(['player', 'platform']),
        stake: wireMoney,
        outcome: z.record(z.string(), z.unknown()),
      }),
    ),
    begunAt: z.iso.datetime(),
    session: z.string(),
    name: z.string(),
    kind: z.enum(['table', 'slot', 'instant']).nullable(),
    denomination: wireMoney,
    balanceBefore: wireMoney,
    parts: z
      .object({
        stakedOfIncentives: wireMoney.nullable(),
        wonOfIncentives: wireMoney.nullable(),
        wonOfJackpots: wireMoney.nullable(),
        toJackpots: wireMoney.nullable(),
        jackpotAwarded: z.boolean().nullable(),
        purchases: wireMoney,
        fees: wireMoney,
        advice: z.array(z.string()).readonly(),
      })
      .openapi({
        description:
          'What of stake and win was incentive or jackpot money, null where that month of the books is archived; and what else was paid or said.',
      }),
    replay: z.enum(['identical', 'different', 'version_not_here', 'open']),
  })
  .openapi('Recall')

/** Days of the calendar that both a browser and PostgreSQL can spell. */
const day = z.iso
  .date()
  .regex(/^(19[7-9]\d|2\d{3})-/)
  .openapi({ example: '2026-01-31' })

export const daysQuery = z.strictObject({
  from: day.optional().openapi({ description: 'The first day, UTC.' }),
  to: day.optional().openapi({ description: 'The last day, UTC.' }),
})

export const gameTotalsSchema = z
  .object({
    games: z.array(
      z.object({
        game: gameId,
        name: z.string(),
        kind: z.enum(['table', 'slot', 'instant']).nullable().openapi({ description: 'Null for a game of the past.' }),
        rounds: z.number().int(),
        staked: wireMoney,
        won: wireMoney,
      }),
    ),
  })
  .openapi('StatementOfGames')
