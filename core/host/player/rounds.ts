import { createRoute, z } from '@hono/zod-openapi'
import * as games from '#games'
import { signedIn } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, problems, sessionOf, writes } from '../face.ts'
import { type Host, mutate } from '../host.ts'
import { recalled } from '../recalled.ts'
import { recallSchema, roundSchema } from '../round-shapes.ts'
import { answerBet, betRoute, inputSchema, playOf } from './play.ts'

const moveSchema = z
  .strictObject({
    step: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .openapi({ description: 'How many steps the round had when this was decided.' }),
    move: inputSchema.openapi({ example: { move: 'stand' } }),
  })
  .openapi('Move')

/** The player's rounds: a bet, the next move of one that waits, and those that were played. */
export function roundsRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    betRoute(
      '/api/games/{game}/rounds',
      'Plays a round. The outcome is the server’s, and settled when this answers; or the round waits for a move, and its stake is held.',
    ),
    answerBet(host, 'play'),
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/rounds/{round}/moves',
      ...signedIn(),
      ...writes('games.large_stake', 'games.large_win', 'games.round_voided', 'games.closed'),
      summary: 'Makes a move in a round that waits. What it stakes besides is held with it.',
      request: {
        params: z.object({ round: z.string().max(30) }),
        headers: idempotencyHeader,
        body: { required: true, content: { 'application/json': { schema: moveSchema } } },
      },
      responses: {
        200: { description: 'The round as it is now.', content: { 'application/json': { schema: roundSchema } } },
        ...problems,
      },
    }),
    (c) => {
      const { wallet, playerId: player, id } = sessionOf(c)
      const wish = { ...c.req.valid('param'), ...c.req.valid('json') }
      const play = playOf(host)
      return mutate(host, c, { operation: 'games.move', payload: wish }, async (tx, command) => ({
        status: 200,
        body: await play.move(tx, command, { ...wish, wallet, player, session: id }),
      }))
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/rounds/open',
      ...signedIn(),
      summary: 'The player’s rounds that wait, exactly as they were left, the last first.',
      responses: {
        200: {
          description: 'The rounds.',
          content: { 'application/json': { schema: z.object({ rounds: z.array(roundSchema) }) } },
        },
        ...problems,
      },
    }),
    async (c) => c.json({ rounds: await games.waitingRounds(host.sql, sessionOf(c).wallet) }, 200),
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/rounds',
      ...signedIn(),
      summary: 'The player’s rounds, newest first.',
      request: {
        query: z.strictObject({
          before: z.string().max(30).optional(),
          limit: z.coerce.number().int().min(1).max(100).default(20),
        }),
      },
      responses: {
        200: {
          description: 'A page.',
          content: { 'application/json': { schema: z.object({ rounds: z.array(roundSchema) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const { before, limit } = c.req.valid('query')
      const rounds = await games.history(host.sql, sessionOf(c).wallet, { limit, ...(before ? { before } : {}) })
      return c.json({ rounds }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/rounds/{round}',
      ...signedIn(),
      ...writes('games.replay_different'),
      summary: 'One round in full, replayed from its recorded draws.',
      request: { params: z.object({ round: z.string().max(30) }) },
      responses: {
        200: { description: 'The round.', content: { 'application/json': { schema: recallSchema } } },
        ...problems,
      },
    }),
    async (c) => {
      const { wallet, playerId: player } = sessionOf(c)
      return c.json(await recalled(host, c, { wallet, player, ...c.req.valid('param') }), 200)
    },
  )

  return routes
}
