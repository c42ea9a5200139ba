import { createRoute, type RouteHandler, z } from '@hono/zod-openapi'
import { Refusal } from '#base'
import type * as games from '#games'
import { signedIn } from '../access-rule.ts'
import { type FaceEnv, idempotencyHeader, json, problems, sessionOf, writes } from '../face.ts'
import { type Host, idempotencyKeyOf } from '../host.ts'
import { gameId, roundSchema } from '../round-shapes.ts'

/** Each game reads what is in it, exactly, and refuses anything else. */
export const inputSchema = z.record(z.string().max(40), z.unknown())
export const choiceSchema = inputSchema.openapi('Choice', { example: { stake: '1.00' } })

/** A bet on a game for money, whichever way its round is drawn. */
export function betRoute<Path extends `/api/games/{game}/${string}`>(path: Path, summary: string) {
  return createRoute({
    method: 'post',
    path,
    ...signedIn(),
    ...writes('games.large_stake', 'games.large_win'),
    summary,
    request: {
      params: z.object({ game: gameId }),
      query: z.strictObject({
        auto: z.literal('yes').optional().openapi({ description: 'The page begins this round, and not the player.' }),
      }),
      headers: idempotencyHeader,
      body: { required: true, content: { 'application/json': { schema: choiceSchema } } },
    },
    responses: { 200: json(roundSchema, 'The round.'), ...problems },
  })
}

/** Answers it with the round as it is settled, or as it waits. */
export function answerBet(host: Host, way: 'play' | 'playFair'): RouteHandler<ReturnType<typeof betRoute>, FaceEnv> {
  return async (c) => {
    const { round, replayed } = await playOf(host)[way]({
      session: sessionOf(c),
      game: c.req.valid('param').game,
      choice: c.req.valid('json'),
      auto: c.req.valid('query').auto === 'yes',
      key: idempotencyKeyOf(c),
      requestId: c.get('requestId'),
    })
    if (replayed) c.header('idempotency-replayed', 'true')
    return c.json(round, 200)
  }
}

/** @throws Refusal `games.not_here` in a process that does not play */
export function playOf({ games }: Pick<Host, 'games'>): games.Games {
  if (!games) throw new Refusal('unavailable', 'games.not_here', 'Games are not played here.')
  return games
}
