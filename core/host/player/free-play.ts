import { createRoute, z } from '@hono/zod-openapi'
import { type Currency, isCurrency } from '#base'
import * as games from '#games'
import * as licences from '#licences'
import { anybody } from '../access-rule.ts'
import { createRoutes, type FaceContext, json, problems, wireMoney, writesNothing } from '../face.ts'
import type { Host } from '../host.ts'
import { gameId } from '../round-shapes.ts'
import { choiceSchema, playOf } from './play.ts'

const freeRound = z
  .object({
    game: gameId,
    version: z.string(),
    status: z.enum(['open', 'settled']),
    stake: wireMoney.openapi({ description: 'Pretended, as the win is.' }),
    win: wireMoney,
    outcome: z.record(z.string(), z.unknown()),
    step: z.number().int().optional(),
    moves: z.array(z.string()).readonly().optional(),
    place: z.string().optional().openapi({ description: 'Sealed; the next move brings it along.' }),
  })
  .openapi('FreeRound')
const because = 'no money, no record: nothing is kept of it'

const postRound = createRoute({
  method: 'post',
  path: '/api/games/{game}/free-rounds',
  ...anybody('the licence says who may play without money, and is asked'),
  ...writesNothing(because),
  summary: 'A round without money, by the same mathematics and numbers as a paid one. No balance is touched.',
  request: {
    params: z.object({ game: gameId }),
    body: { required: true, content: { 'application/json': { schema: choiceSchema } } },
  },
  responses: { 200: json(freeRound, 'The round.'), ...problems },
})
const postMove = createRoute({
  method: 'post',
  path: '/api/free-rounds/moves',
  ...anybody('the licence says who may play without money, and is asked'),
  ...writesNothing(because),
  summary: 'A move in a round without money.',
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z
            .strictObject({ place: z.string().max(20_000), move: z.record(z.string().max(40), z.unknown()) })
            .openapi('FreeMove'),
        },
      },
    },
  },
  responses: { 200: json(freeRound, 'The round.'), ...problems },
})

/** Play without money, for whom the licence lets. */
export function freePlayRoutes(host: Host) {
  const routes = createRoutes()
  routes.openapi(postRound, async (c) => {
    await admit(host, c)
    const { game } = c.req.valid('param')
    await games.requireOpen(host.sql, game)
    return c.json((await playOf(host).free()).play(game, c.req.valid('json'), currencyOf(c.get('session'))), 200)
  })
  routes.openapi(postMove, async (c) => {
    await admit(host, c)
    const { place, move } = c.req.valid('json')
    return c.json((await playOf(host).free()).move(place, move), 200)
  })
  return routes
}

async function admit(host: Host, c: FaceContext): Promise<void> {
  const rules = await licences.rules(host.sql)
  if (mayPlayFree(rules, c.get('session') !== undefined)) return
  throw games.freePlayRefused(
    rules.freePlay === 'signed_in'
      ? 'Please sign in to play.'
      : 'Play without money is for players whose identity was checked, which is not done here yet.',
  )
}

/**
 * May they, by the licence? Nobody is verified before there is a room that verifies, so where verification is asked for nobody may
 * [LCCP-3.2.11].
 */
export function mayPlayFree({ freePlay }: licences.Rules, signedIn: boolean): boolean {
  return freePlay === 'anybody' || (freePlay === 'signed_in' && signedIn)
}

/** What a visitor's play is reckoned in: their wallet's currency, and a stranger's in euros. */
export function currencyOf(session: { currency: string } | undefined): Currency {
  const currency = session?.currency ?? 'EUR'
  if (!isCurrency(currency)) throw new Error(`a wallet in ${currency}`)
  return currency
}
