import { createRoute, z } from '@hono/zod-openapi'
import { showMoney } from '#base'
import * as games from '#games'
import * as licences from '#licences'
import * as messages from '#messages'
import { anybody } from '../access-rule.ts'
import { createRoutes, problems } from '../face.ts'
import type { Host } from '../host.ts'
import { gameId } from '../round-shapes.ts'
import { stakeMaxFor } from './stake-bounds.ts'

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
    stakeMax: z
      .string()
      .openapi({ description: 'Of who is signed in, no more than the licence lets them stake in a round.' }),
    cycleMsMin: z.number().int().openapi({ description: 'From the start of a round to the next start, at least.' }),
    autoplay: z.boolean().openapi({ description: 'Whether a page may begin rounds by itself.' }),
    rules: z
      .array(z.string())
      .openapi({ description: 'In the language that `Accept-Language` asks for, as far as there is one.' }),
    sheet: z.record(z.string(), z.unknown()),
  })
  .openapi('GameSheet')

/** What can be played, and what each game is. */
export function gamesRoutes(host: Host) {
  const routes = createRoutes()

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
      const rules = await licences.rules(host.sql)
      const { cycleMsMin, autoplay } = rules
      const language = messages.preferredLanguage(c.req.header('accept-language'), rules.languageDefault)
      c.header('content-language', language)
      c.header('vary', 'accept-language', { append: true })
      const session = c.get('session')
      const currency = (session?.currency ?? 'EUR') as 'EUR'
      return c.json(
        {
          ...brief(standing),
          stakeMin: showMoney({ amount: game.stakeMin, currency }).amount,
          stakeMax: showMoney({ amount: await stakeMaxFor(host, rules, game, session), currency }).amount,
          ...{ cycleMsMin: cycleMsMin[game.kind], autoplay },
          rules: game.rules[language],
          sheet: game.sheet,
        },
        200,
      )
    },
  )

  return routes
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
