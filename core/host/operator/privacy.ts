import { createRoute, z } from '@hono/zod-openapi'
import { purposes } from '#keys'
import * as players from '#players'
import * as privacy from '#privacy'
import { permits } from '../access-rule.ts'
import { createRoutes, json, problems, writesNothing } from '../face.ts'
import type { Host } from '../host.ts'

const playerId = z.string().max(40).openapi({ example: 'plr_01k…' })
const purpose = z.enum(purposes)
const kept = z.strictObject({ purpose, until: z.iso.datetime(), why: z.string() })
const asked = z
  .object({ player: playerId, askedAt: z.iso.datetime(), dueAt: z.iso.datetime() })
  .openapi('ErasureRequest')
const erasure = z
  .object({
    player: playerId,
    status: z.string(),
    askedAt: z.iso.datetime().nullable(),
    decidedAt: z.iso.datetime().nullable(),
    doneAt: z.iso.datetime().nullable().openapi({ description: 'Since when nothing of the player is left to erase.' }),
    erases: z
      .array(purpose)
      .openapi({ description: 'What an erasure would destroy at this moment; nothing before the account is closed.' }),
    keeps: z.array(kept).openapi({ description: 'What is kept, or would be, until when and why.' }),
  })
  .openapi('Erasure')

/** Who asked to be erased, and what an erasure does. Deciding one takes two: the act `privacy.erase`. */
export function privacyRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/erasure-requests',
      ...permits('players.view'),
      ...writesNothing('who waits for an answer; no personal data'),
      summary:
        'Players who asked to be erased and wait for an answer, the oldest first; it is due within a month (GDPR Art. 12).',
      responses: { 200: json(z.object({ requests: z.array(asked) }), 'The requests.'), ...problems },
    }),
    async (c) => {
      const waiting = await players.erasuresAsked(host.sql)
      const requests = waiting.map(({ player, askedAt }) => ({
        player,
        askedAt: askedAt.toISOString(),
        dueAt: privacy.answerDue(askedAt).toISOString(),
      }))
      return c.json({ requests }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/players/{player}/erasure',
      ...permits('players.view'),
      ...writesNothing('what may be erased and what is kept; no personal data'),
      summary: 'What an erasure of this player would do, or did: what goes, what is kept, until when and why.',
      request: { params: z.object({ player: playerId }) },
      responses: { 200: json(erasure, 'The erasure.'), ...problems },
    }),
    async (c) => {
      const { player } = c.req.valid('param')
      const found = await players.findPlayer(host.sql, player)
      if (!found) throw players.playerUnknown()
      const decided = await privacy.decided(host.sql, player)
      const closed = found.status === 'closed' && !decided
      const ahead = closed ? await privacy.outlook(host.sql, { player, now: host.now() }) : undefined
      const keeps = (decided ?? ahead)?.keeps ?? []
      return c.json(
        {
          player,
          status: found.status,
          askedAt: (await players.erasureAskedAt(host.sql, player))?.toISOString() ?? null,
          decidedAt: decided?.decidedAt.toISOString() ?? null,
          doneAt: decided?.doneAt?.toISOString() ?? null,
          erases: ahead?.erases ?? [],
          keeps: keeps.map(({ until, ...rest }) => ({ ...rest, until: until.toISOString() })),
        },
        200,
      )
    },
  )

  return routes
}
