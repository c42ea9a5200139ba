import { createRoute, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import { Refusal, showMoney } from '#base'
import * as games from '#games'
import * as licences from '#licences'
import { anybody, signedIn } from '../access-rule.ts'
import { betProofSchema, heldSize, proveBet } from '../bet-proof.ts'
import { createRoutes, idempotencyHeader, problems, sessionOf, writes } from '../face.ts'
import { commandOf, type Host, idempotencyKeyOf, mutate, transact } from '../host.ts'
import { gameId, recallSchema, roundSchema } from '../round-shapes.ts'
import { seedsWire } from '../seeds-shapes.ts'
import { witnessKeys } from '../witnesses.ts'

const gameSchema = z
  .object({
    game: gameId,
    name: z.string(),
    kind: z.enum(['table', 'slot', 'instant']),
    version: z.string(),
    rtp: z.string().openapi({ example: '97.2972 %' }),
    rtpExact: z.string().openapi({ example: '36/37' }),
    open: z.boolean().openapi({ description: 'Whether bets are taken on it at the moment.' }),
  })
  .openapi('Game')

const sheetSchema = gameSchema
  .extend({
    stakeMin: z.string(),
    stakeMax: z.string(),
    cycleMsMin: z.number().int().openapi({ description: 'From the start of a round to the next start, at least.' }),
    autoplay: z.boolean().openapi({ description: 'Whether a page may begin rounds by itself.' }),
    rules: z.array(z.string()),
    sheet: z.record(z.string(), z.unknown()),
  })
  .openapi('GameSheet')

/** Each game reads what is in it, exactly, and refuses anything else. */
const plain = z.record(z.string().max(40), z.unknown())
export const choiceSchema = plain.openapi('Choice', { example: { stake: '1.00' } })
export const autoQuery = z.strictObject({
  auto: z.literal('yes').optional().openapi({ description: 'The page begins this round, and not the player.' }),
})
const moveSchema = z
  .strictObject({
    step: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .openapi({ description: 'How many steps the round had when this was decided.' }),
    move: plain.openapi({ example: { move: 'stand' } }),
  })
  .openapi('Move')

export function gamesRoutes(host: Host) {
  const routes = createRoutes()
  const witnesses = witnessKeys(host)

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/games',
      ...anybody('what can be played is for everybody to see'),
      summary: 'What can be played.',
      responses: {
        200: {
          description: 'The games.',
          content: { 'application/json': { schema: z.object({ games: z.array(gameSchema) }) } },
        },
        ...problems,
      },
    }),
    async (c) => c.json({ games: (await games.standings(host.sql)).map(brief) }, 200),
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/games/{game}',
      ...anybody('what can be played is for everybody to see'),
      summary: 'A game: rules, paytable, limits, and its exact theoretical return.',
      request: { params: z.object({ game: gameId }) },
      responses: {
        200: { description: 'The game.', content: { 'application/json': { schema: sheetSchema } } },
        ...problems,
      },
    }),
    async (c) => {
      const { id } = games.gameOf(c.req.valid('param').game)
      const standing = (await games.standings(host.sql)).find(({ game }) => game.id === id)!
      const { game } = standing
      const { cycleMsMin, autoplay } = await licences.rules(host.sql)
      const currency = (c.get('session')?.currency ?? 'EUR') as 'EUR'
      return c.json(
        {
          ...brief(standing),
          stakeMin: showMoney({ amount: game.stakeMin, currency }).amount,
          stakeMax: showMoney({ amount: game.stakeMax, currency }).amount,
          ...{ cycleMsMin: cycleMsMin[game.kind], autoplay },
          rules: game.rules.en,
          sheet: game.sheet,
        },
        200,
      )
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/games/{game}/rounds',
      ...signedIn(),
      ...writes('games.large_stake', 'games.large_win'),
      summary:
        'Plays a round. The outcome is the server’s, and settled when this answers; or the round waits for a move, and its stake is held.',
      request: {
        params: z.object({ game: gameId }),
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
      const { round, replayed } = await playOf(host).play({
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
      const found = await games.recall(host.sql, sessionOf(c).wallet, c.req.valid('param').round)
      const { round, game, version } = found
      if (found.replay === 'different')
        await transact(host, (tx) =>
          audit.record(tx, commandOf(host, c), {
            action: 'games.replay_different',
            subject: round,
            detail: { game, version },
          }),
        )
      const { wallet, playerId: player } = sessionOf(c)
      const fair = await games.fairnessOf(host.sql, host.keys, { wallet, player, round })
      return c.json({ ...found, ...(fair ? { fair: seedsWire(fair) } : {}) }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/rounds/{round}/proof',
      ...signedIn(),
      summary:
        'Proves one round to whoever has the log’s key: that it is in the audit log as it was played. Some seconds after the round.',
      request: { params: z.object({ round: z.string().max(30) }), query: z.strictObject({ held: heldSize }) },
      responses: {
        200: { description: 'The proof.', content: { 'application/json': { schema: betProofSchema } } },
        ...problems,
      },
    }),
    async (c) => {
      const { wallet } = sessionOf(c)
      const { transfer, at } = await games.bookingOf(host.sql, wallet, c.req.valid('param').round)
      const { held } = c.req.valid('query')
      const asking = { witnesses, held: held === undefined ? undefined : Number(held) }
      return c.json(await proveBet(host.sql, { wallet, transfer, at }, asking), 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/log/keys',
      ...anybody('whoever checks a proof needs the public keys'),
      summary:
        'The keys that signed the audit log, as verifier keys, the newest last. Compare them with what you were given.',
      responses: {
        200: {
          description: 'The keys.',
          content: { 'application/json': { schema: z.object({ keys: z.array(z.string()) }) } },
        },
        ...problems,
      },
    }),
    async (c) => c.json({ keys: (await audit.logKeys(host.sql)).map(audit.vkeyOf) }, 200),
  )

  return routes
}

export function playOf({ games }: Host): games.Games {
  if (!games) throw new Refusal('unavailable', 'games.not_here', 'Games are not played here.')
  return games
}

function brief({ game, state }: games.Standing) {
  return {
    game: game.id,
    name: game.name,
    kind: game.kind,
    version: game.version,
    rtp: games.showPercent(game.rtp),
    rtpExact: `${game.rtp.n}/${game.rtp.d}`,
    open: state === 'open',
  }
}
