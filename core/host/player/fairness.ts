import { createRoute, z } from '@hono/zod-openapi'
import * as games from '#games'
import { signedIn } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, problems, sessionOf, writes } from '../face.ts'
import { type Host, idempotencyKeyOf, mutate } from '../host.ts'
import { gameId, roundSchema } from '../round-shapes.ts'
import { seedsSchema, seedsWire } from '../seeds-shapes.ts'
import { autoQuery, choiceSchema, playOf } from './games.ts'

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
    createRoute({
      method: 'post',
      path: '/api/games/{game}/fair-rounds',
      ...signedIn(),
      ...writes('games.large_stake', 'games.large_win'),
      summary: 'Plays a round drawn by the player’s seeds.',
      request: {
        params,
        query: autoQuery,
        headers: idempotencyHeader,
        body: { required: true, content: { 'application/json': { schema: choiceSchema } } },
      },
      responses: {
        200: { description: 'The round.', content: { 'application/json': { schema: roundSchema } } },
        ...problems,
      },
    }),
    async (c) => {
      const { round, replayed } = await playOf(host).playFair({
        session: sessionOf(c),
        game: c.req.valid('param').game,
        choice: c.req.valid('json'),
        auto: c.req.valid('query').auto === 'yes',
        key: idempotencyKeyOf(c),
        requestId: c.get('requestId'),
      })
      if (replayed) c.header('idempotency-replayed', 'true')
      return c.json(round, 200)
    },
  )

  return routes
}

function holderOf(c: Parameters<typeof sessionOf>[0], game: string) {
  const { wallet, playerId: player } = sessionOf(c)
  return { wallet, player, game }
}
