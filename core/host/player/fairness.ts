import { createRoute, z } from '@hono/zod-openapi'
import * as games from '#games'
import { signedIn } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, problems, sessionOf, writes } from '../face.ts'
import { type Host, mutate } from '../host.ts'
import { gameId } from '../round-shapes.ts'
import { seedsSchema, seedsWire } from '../seeds-shapes.ts'
import { answerBet, betRoute, playOf } from './play.ts'

const params = z.object({ game: gameId })
const seeds = {
  200: { description: 'The seeds.', content: { 'application/json': { schema: seedsSchema } } },
  ...problems,
}

/** Provably fair rounds: what player and house agree on, and rounds by it. */
export function fairnessRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/games/{game}/seeds',
      ...signedIn(),
      summary: 'The seeds of the player’s fair rounds of a game, those in use first; older ones are shown whole.',
      request: { params },
      responses: {
        200: {
          description: 'The seeds.',
          content: { 'application/json': { schema: z.object({ seeds: z.array(seedsSchema) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const found = await games.seedsOf(host.sql, host.keys, holderOf(c, c.req.valid('param').game))
      return c.json({ seeds: found.map(seedsWire) }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/games/{game}/seeds',
      ...signedIn(),
      ...writes('games.seeds_committed', 'games.seeds_revealed'),
      summary: 'Commits the house to a new seed and takes the player’s words; the seeds used so far are shown.',
      request: {
        params,
        headers: idempotencyHeader,
        body: {
          required: true,
          content: { 'application/json': { schema: z.strictObject({ clientSeed: z.string().max(64) }) } },
        },
      },
      responses: seeds,
    }),
    (c) => {
      const wanted = { ...holderOf(c, c.req.valid('param').game), ...c.req.valid('json') }
      const { wallet: _, ...payload } = wanted
      return mutate(host, c, { operation: 'games.seeds', payload }, async (tx, command) => ({
        status: 200,
        body: seedsWire(await playOf(host).renewSeeds(tx, command, wanted)),
      }))
    },
  )

  routes.openapi(
    createRoute({
      method: 'delete',
      path: '/api/games/{game}/seeds',
      ...signedIn(),
      ...writes('games.seeds_revealed'),
      summary: 'Goes back to the house’s generator; the seeds used last are shown.',
      request: { params, headers: idempotencyHeader },
      responses: seeds,
    }),
    (c) => {
      const holder = holderOf(c, c.req.valid('param').game)
      const { wallet: _, ...payload } = holder
      return mutate(host, c, { operation: 'games.seeds_end', payload }, async (tx, command) => ({
        status: 200,
        body: seedsWire(await games.endSeeds(tx, command, holder)),
      }))
    },
  )

  routes.openapi(
    betRoute('/api/games/{game}/fair-rounds', 'Plays a round drawn by the player’s seeds.'),
    answerBet(host, 'playFair'),
  )

  return routes
}

function holderOf(c: Parameters<typeof sessionOf>[0], game: string) {
  const { wallet, playerId: player } = sessionOf(c)
  return { wallet, player, game }
}
