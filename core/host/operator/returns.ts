import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { csvLine, isCurrency, showMoney } from '#base'
import * as games from '#games'
import { permits } from '../access-rule.ts'
import { createRoutes, type FaceEnv, json, problems, wireMoney, writesNothing } from '../face.ts'
import type { Host } from '../host.ts'
import { csvAnswer } from '../ledger-shapes.ts'

const figures = z
  .object({
    game: z.string(),
    version: z.string(),
    name: z.string(),
    kind: z.string().nullable(),
    currency: z.string(),
    since: z.string().nullable(),
    status: z.enum(['open', 'closed', 'withdrawn']),
    withdrawnSince: z.string().nullable(),
    theoreticalRtp: z.string().nullable(),
    actualRtp: z.string().nullable(),
    games: z.number(),
    staked: wireMoney,
    won: wireMoney,
    voided: z.number(),
    voidedStakes: wireMoney,
    gambles: z.number(),
    gambled: wireMoney,
    gamblesWon: z.number(),
    gambleWins: wireMoney,
    openRounds: z.number(),
    held: wireMoney,
  })
  .openapi('GamePerformance')
const level = z.object({
  game: z.string(),
  version: z.string(),
  level: wireMoney.openapi({ description: 'Stakes from here to the next of 1, 2, 5, 10 …' }),
  part: z.enum(['rounds', 'moves']).openapi({
    description: 'Rounds, or the moves within them by which players put at stake again what they had.',
  }),
  rounds: z.string().openapi({ description: 'How many of them.' }),
  deviations: z.string().openapi({ description: 'From what the mathematics let expect, in standard deviations.' }),
})
const alarm = level.extend({ day: z.string(), days: z.number(), at: z.iso.datetime() })
const because = 'sums over all players, as those who run the games look at all day'

const getPerformance = createRoute({
  method: 'get',
  path: '/api/games/performance',
  ...permits('books.view'),
  ...writesNothing(because),
  summary:
    'What each version of each game took and gave over all time, its return, and what is held in rounds that wait.',
  responses: { 200: json(z.object({ figures: z.array(figures) }), 'The figures.'), ...problems },
})
const getPerformanceCsv = createRoute({
  ...getPerformance,
  path: '/api/games/performance.csv',
  summary: 'The same as a file, amounts as decimals.',
  responses: { 200: csvAnswer('A line per version and currency.'), ...problems },
})
const getReturns = createRoute({
  method: 'get',
  path: '/api/games/returns',
  ...permits(),
  ...writesNothing(because),
  summary:
    'How the returns of thirty days stand against the mathematics, by level of stake, and what was outside of late.',
  responses: { 200: json(z.object({ levels: z.array(level), alarms: z.array(alarm) }), 'The returns.'), ...problems },
})

/** The figures of games that reports ask for, and the monitor of their returns. */
export function operatorReturnsRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  routes.openapi(getPerformance, async (c) => c.json({ figures: await games.performance(host.sql) }, 200))
  routes.openapi(getPerformanceCsv, async (c) => {
    const rows = await games.performance(host.sql)
    const names = Object.keys(figures.shape) as Array<keyof games.Performance>
    const cells = (row: games.Performance) =>
      names.map((name) => {
        const value = row[name]
        return typeof value === 'object' && value !== null ? { decimal: value.amount } : value
      })
    const text = [csvLine(names), ...rows.map((row) => csvLine(cells(row)))].join('')
    const file = `games-${host.now().toISOString().slice(0, 10)}.csv`
    return c.body(text, 200, {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${file}"`,
    }) as never
  })
  routes.openapi(getReturns, async (c) => {
    const levels = await games.returnsOf(host.sql, host.now().toISOString().slice(0, 10), 30)
    const alarms = await games.returnAlarms(host.sql, 100)
    return c.json({ levels: levels.map(showLevel), alarms: alarms.map(showAlarm) }, 200)
  })
  return routes
}

function showLevel({ game, version, currency, level, part, rounds, ...sums }: games.StandingReturn) {
  const deviations = games.deviationsOf({
    rounds: Number(rounds),
    returned: Number(sums.returned),
    expected: Number(sums.expected),
    variance: Number(sums.variance),
  })
  const shown = { game, version, level: amount(level, currency), part, rounds: String(rounds) }
  return { ...shown, deviations: deviations.toFixed(2) }
}

function showAlarm({ game, version, currency, level, part, rounds, deviations, day, days, at }: games.ReturnAlarm) {
  const shown = { game, version, level: amount(level, currency), part, rounds: String(rounds), deviations }
  return { ...shown, day, days, at: at.toISOString() }
}

function amount(minor: bigint, currency: string) {
  if (!isCurrency(currency)) throw new Error(`a return in ${currency}`)
  return showMoney({ amount: minor, currency })
}
