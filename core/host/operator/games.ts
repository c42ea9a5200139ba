import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as games from '#games'
import { permits } from '../access-rule.ts'
import {
  body,
  createRoutes,
  type FaceContext,
  type FaceEnv,
  idempotencyHeader,
  json,
  problems,
  writes,
  writesNothing,
} from '../face.ts'
import { type Host, mutate } from '../host.ts'

const time = z.iso.datetime()
const reason = z.string().trim().min(3).max(400)
const version = z.object({ version: z.string(), rtp: z.string().openapi({ example: '97.2972 %' }) })
const standing = z
  .object({
    game: z.string().openapi({ example: 'roulette-european' }),
    name: z.string(),
    state: z.enum(['open', 'closed', 'waits']),
    present: version.openapi({ description: 'What this program has.' }),
    offered: version.extend({ since: time }).nullable().openapi({ description: 'What two people let in.' }),
    closed: z
      .object({
        since: time,
        reason: z.string(),
        by: z.string().nullable(),
        what: z
          .object({ game: z.string(), version: z.string().optional() })
          .openapi({ description: 'What was closed, and so what to open: `*` is all play.' }),
      })
      .nullable(),
  })
  .openapi('GameStanding')

const getGames = createRoute({
  method: 'get',
  path: '/api/games',
  ...permits(),
  ...writesNothing('what is offered is for everybody to see'),
  summary: 'Every game, with the version that is offered, and why one is closed.',
  responses: { 200: json(z.object({ games: z.array(standing) }), 'The games.'), ...problems },
})
const postClosure = createRoute({
  method: 'post',
  path: '/api/games/{game}/closure',
  ...permits('games.close'),
  ...writes('games.closed'),
  summary: 'Closes a game at once; opening it again takes two.',
  request: {
    headers: idempotencyHeader,
    params: z.strictObject({ game: z.string().max(40) }),
    body: body(
      z
        .strictObject({ reason, version: z.string().max(40).optional() })
        .openapi('GameClosure', { description: 'With a version, that one alone.' }),
    ),
  },
  responses: {
    200: json(z.object({ done: z.literal(true) }), 'No round begins any more; those that wait are finished.'),
    ...problems,
  },
})
const postPlayClosure = createRoute({
  method: 'post',
  path: '/api/play/closure',
  ...permits('games.close'),
  ...writes('games.closed'),
  summary: 'Closes all play at once; opening it again takes two.',
  request: { headers: idempotencyHeader, body: body(z.strictObject({ reason }).openapi('PlayClosure')) },
  responses: {
    200: json(z.object({ done: z.literal(true) }), 'No round begins any more; those that wait are finished.'),
    ...problems,
  },
})

/** What can be played, and closing it. Opening, and offering another version, are acts that take two (`game-acts.ts`). */
export function operatorGamesRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  routes.openapi(getGames, async (c) => c.json({ games: (await games.standings(host.sql)).map(show) }, 200))
  routes.openapi(postClosure, (c) => {
    const { version, ...rest } = c.req.valid('json')
    return close(host, c, { ...c.req.valid('param'), ...rest, ...(version === undefined ? {} : { version }) })
  })
  routes.openapi(postPlayClosure, (c) => close(host, c, { game: '*', ...c.req.valid('json') }))
  return routes
}

function close(host: Host, c: FaceContext, payload: games.Closure): Promise<never> {
  return mutate(host, c, { operation: 'games.close', payload }, async (tx, command) => {
    await games.close(tx, command, payload)
    return { status: 200, body: { done: true } }
  })
}

function show({ game, state, offered, closed }: games.Standing): z.infer<typeof standing> {
  return {
    game: game.id,
    name: game.name,
    state,
    present: { version: game.version, rtp: games.returnOf(game) },
    offered: offered ? { ...offered, since: offered.since.toISOString() } : null,
    closed: closed ? { ...closed, since: closed.since.toISOString() } : null,
  }
}
