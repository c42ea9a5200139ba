import { createRoute, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import * as games from '#games'
import { anybody, signedIn } from '../access-rule.ts'
import { betProofSchema, heldSize, proveBet } from '../bet-proof.ts'
import { createRoutes, problems, sessionOf } from '../face.ts'
import type { Host } from '../host.ts'
import { witnessKeys } from '../witnesses.ts'

/** That a round is in the audit log as it was played, for whoever checks it themselves. */
export function roundProofRoutes(host: Host) {
  const routes = createRoutes()
  const witnesses = witnessKeys(host)

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
