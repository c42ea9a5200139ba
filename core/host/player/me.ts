import { createRoute, z } from '@hono/zod-openapi'
import { type Currency, showMoney } from '#base'
import * as ledger from '#ledger'
import * as players from '#players'
import * as protection from '#protection'
import { signedIn } from '../access-rule.ts'
import { createRoutes, jsonAnswer, problems, sessionOf, wireMoney } from '../face.ts'
import type { Host } from '../host.ts'

const me = z
  .object({
    player: z.string(),
    email: z.string(),
    name: z.string(),
    country: z.string(),
    currency: z.string(),
    balance: z.object({ cash: wireMoney, bonus: wireMoney, held: wireMoney }),
    session: z.object({ startedAt: z.iso.datetime(), net: wireMoney }),
    bar: z.object({ kind: z.string(), until: z.iso.datetime() }).nullable(),
  })
  .openapi('Me')

/** What a page shows of who is signed in. */
export function meRoutes(host: Host) {
  const routes = createRoutes()
  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/me',
      ...signedIn(),
      summary: 'Who is signed in, what they have, and how this session stands.',
      responses: { 200: jsonAnswer('The player.', me), ...problems },
    }),
    async (c) => {
      const session = sessionOf(c)
      const [player, profile, balance, net, bar] = await Promise.all([
        players.findPlayer(host.sql, session.playerId),
        players.profile(host.sql, host.keys, session.playerId),
        ledger.balance(host.sql, session.wallet),
        ledger.netSince(host.sql, session.wallet, { kind: 'round', version: session.walletVersion }),
        protection.barOf(host.sql, session.wallet, host.now()),
      ])
      if (!player) throw players.playerUnknown()
      const show = (amount: bigint) => showMoney({ amount, currency: session.currency as Currency })
      return c.json(
        {
          player: player.player,
          email: profile.email,
          name: profile.name,
          country: player.country,
          currency: session.currency,
          balance: { cash: show(balance.cash), bonus: show(balance.bonus), held: show(balance.held) },
          session: { startedAt: session.createdAt.toISOString(), net: show(net) },
          bar: bar ? { kind: bar.kind, until: bar.until.toISOString() } : null,
        },
        200,
      )
    },
  )
  return routes
}
