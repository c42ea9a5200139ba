import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import * as games from '#games'
import * as ledger from '#ledger'
import * as players from '#players'
import * as sessions from '#sessions'
import { permits } from '../access-rule.ts'
import { createRoutes, type FaceContext, type FaceEnv, json, problems, writes } from '../face.ts'
import { commandOf, type Host, transact } from '../host.ts'
import { recallSchema, roundSchema } from '../round-shapes.ts'

const reason = z.string().trim().min(3).max(400).openapi({ description: 'Why; it is written down.' })
const staffRecall = recallSchema
  .extend({
    player: z.string(),
    country: z.string().nullable().openapi({ description: 'Where the sign-in came from, if that could be told.' }),
  })
  .openapi('StaffRecall')

const getRounds = createRoute({
  method: 'get',
  path: '/api/players/{player}/rounds',
  ...permits('players.view'),
  ...writes('games.rounds_viewed'),
  summary: 'A player’s rounds, newest first, those that wait and those that were voided with them. It is written down.',
  request: {
    params: z.strictObject({ player: z.string().max(40) }),
    query: z.strictObject({
      reason,
      before: z.string().max(30).optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
  },
  responses: { 200: json(z.object({ rounds: z.array(roundSchema) }), 'A page.'), ...problems },
})
const getRound = createRoute({
  method: 'get',
  path: '/api/players/{player}/rounds/{round}',
  ...permits('players.view'),
  ...writes('games.rounds_viewed'),
  summary: 'One round of a player in full, replayed from its recorded draws. It is written down.',
  request: {
    params: z.strictObject({ player: z.string().max(40), round: z.string().max(30) }),
    query: z.strictObject({ reason }),
  },
  responses: { 200: json(staffRecall, 'The round.'), ...problems },
})

/** What a player played, for whoever answers their question. The player’s own page shows the same. */
export function operatorRoundsRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  routes.openapi(getRounds, async (c) => {
    const { player } = c.req.valid('param')
    const { reason, before, limit } = c.req.valid('query')
    const wallet = await lookAt(host, c, { player, reason, round: undefined })
    const rounds = await games.history(host.sql, wallet, { limit, ...(before ? { before } : {}) })
    return c.json({ rounds }, 200)
  })
  routes.openapi(getRound, async (c) => {
    const { player, round } = c.req.valid('param')
    const wallet = await lookAt(host, c, { player, round, reason: c.req.valid('query').reason })
    const found = await games.recall(host.sql, wallet, round)
    const place = await sessions.placeOf(host.sql, host.keys, found.session)
    return c.json({ ...found, player, country: place?.country ?? null }, 200)
  })
  return routes
}

type Look = { player: string; reason: string; round: string | undefined }

/** No record, no look. @throws Refusal `players.unknown` */
async function lookAt(host: Host, c: FaceContext, { player, reason, round }: Look): Promise<bigint> {
  const wallet = await ledger.walletOf(host.sql, player)
  if (!wallet) throw players.playerUnknown()
  const detail = round === undefined ? {} : { round }
  const action = 'games.rounds_viewed'
  await transact(host, (tx) =>
    audit.record(tx, commandOf(host, c), { action, subject: player, player, reason, detail }),
  )
  return wallet.wallet
}
