import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import * as games from '#games'
import * as ledger from '#ledger'
import * as players from '#players'
import * as sessions from '#sessions'
import { permits } from '../access-rule.ts'
import { createRoutes, type FaceContext, type FaceEnv, json, problems, staffOf, writes } from '../face.ts'
import { commandOf, type Host, transact } from '../host.ts'
import { csvAnswer, instant } from '../ledger-shapes.ts'
import { recalled } from '../recalled.ts'
import { gameId, recallSchema, roundSchema } from '../round-shapes.ts'

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
  ...writes('games.rounds_viewed', 'games.replay_different'),
  summary: 'One round of a player in full, replayed from its recorded draws. It is written down.',
  request: {
    params: z.strictObject({ player: z.string().max(40), round: z.string().max(30) }),
    query: z.strictObject({ reason }),
  },
  responses: { 200: json(staffRecall, 'The round.'), ...problems },
})
const wanted = z.strictObject({
  reason,
  from: instant.optional().openapi({ description: 'Rounds that ended at this instant or later.' }),
  until: instant.optional().openapi({ description: 'Rounds that ended before this instant.' }),
  game: gameId.optional(),
})
const lines = csvAnswer(
  'A line per round that is over, settled or voided: amounts in minor units of the currency, whose value `denomination` says; instants in UTC; choice, outcome, steps and draws as JSON; `country` is where the sign-in came from, if that could be told.',
)
const getPlayerRoundsCsv = createRoute({
  method: 'get',
  path: '/api/players/{player}/rounds.csv',
  ...permits('players.view'),
  ...writes('games.rounds_exported'),
  summary:
    'A player’s rounds that are over as a file, oldest first. Needs a reason; which rounds it holds is written down.',
  request: { params: z.strictObject({ player: z.string().max(40) }), query: wanted },
  responses: { 200: lines, ...problems },
})
const getRoundsCsv = createRoute({
  method: 'get',
  path: '/api/rounds.csv',
  ...permits('players.view', 'books.view'),
  ...writes('games.rounds_exported'),
  summary:
    'Everybody’s rounds that ended within a span of time as a file, oldest first; those of the last two minutes are not in it. Needs a reason, which is written down.',
  request: { query: wanted.required({ from: true }) },
  responses: { 200: lines, ...problems },
})

/** What a player played, for whoever answers their question, as the player’s own page shows it; and rounds as files, for analysis and audit [GLI-2.8.1b]. */
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
    const found = await recalled(host, c, { wallet, player, round })
    const places = await sessions.placesOf(host.sql, host.keys, [found.session])
    return c.json({ ...found, player, country: places.get(found.session)?.country ?? null }, 200)
  })
  routes.openapi(getPlayerRoundsCsv, async (c) => {
    const { player } = c.req.valid('param')
    const { reason, ...query } = c.req.valid('query')
    const wallet = await ledger.walletOf(host.sql, player)
    if (!wallet) throw players.playerUnknown()
    const file = `${player}-rounds-${dayOf(host.now())}.csv`
    return host.exports.answer(c, { caller: staffOf(c).id, file }, async (reader) => {
      // Which rounds the file holds is fixed in the transaction that writes it down; a round that is over stays as it is.
      const fixed = await transact(host, async (tx) => {
        const rounds = await games.walletRounds(tx, wallet.wallet, filterOf(query))
        const detail = { ...query, upTo: String(rounds.upTo) }
        await audit.record(tx, commandOf(host, c), { action: exported, subject: player, player, reason, detail })
        return rounds
      })
      return games.walletRoundsCsv(reader, host.keys, fixed)
    })
  })
  routes.openapi(getRoundsCsv, (c) => {
    const { reason, ...query } = c.req.valid('query')
    const rounds = games.roundsOfAll(host.now(), { ...filterOf(query), from: new Date(query.from) })
    const file = `rounds-${dayOf(rounds.from)}-${dayOf(rounds.until)}.csv`
    return host.exports.answer(c, { caller: staffOf(c).id, file }, async (reader) => {
      const detail = { ...query, from: rounds.from.toISOString(), until: rounds.until.toISOString() }
      await transact(host, (tx) =>
        audit.record(tx, commandOf(host, c), { action: exported, subject: 'rounds', reason, detail }),
      )
      return games.roundsOfAllCsv(reader, host.keys, rounds)
    })
  })
  return routes
}

const exported = 'games.rounds_exported'

function filterOf({ from, until, game }: Omit<z.infer<typeof wanted>, 'reason'>): games.RoundsFilter {
  return {
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(until === undefined ? {} : { until: new Date(until) }),
    ...(game === undefined ? {} : { game }),
  }
}

function dayOf(instant: Date): string {
  return instant.toISOString().slice(0, 10)
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
