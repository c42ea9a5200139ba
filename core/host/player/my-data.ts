import { createRoute, z } from '@hono/zod-openapi'
import * as audit from '#audit'
import * as players from '#players'
import { signedIn } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, jsonAnswer, jsonBody, problems, sessionOf, writes } from '../face.ts'
import { blinded, commandOf, type Host, mutate, transact } from '../host.ts'
import { needs } from '../step-up.ts'
import { ownData } from './own-data.ts'

const line = (max: number) => z.string().trim().min(1).max(max)
const address = z.strictObject({ street: line(120), city: line(80), postalCode: line(20) }).openapi('Residence')

/** What is kept of a player, in their own hands: taken along, corrected, given up. */
export function myDataRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/data-export',
      ...signedIn(),
      ...writes('players.data_exported'),
      summary:
        'Everything kept of me, as a file of JSON (GDPR Art. 15, 20). It holds personal data, so it takes no key and is never stored.',
      responses: {
        200: {
          description: 'The file, made as it is sent.',
          content: { 'application/json': { schema: z.looseObject({ format: z.string() }).openapi('OwnData') } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const now = host.now()
      const session = await transact(host, (tx) => needs(host, tx, c, 'export'))
      const file = `my-data-${now.toISOString().slice(0, 10)}.json`
      return host.exports.answer(c, { caller: session.playerId, file, type: 'application/json' }, async (reader) => {
        await transact(host, async (tx) => {
          await needs(host, tx, c, 'export')
          await audit.record(tx, commandOf(host, c), { action: 'players.data_exported', subject: session.playerId })
        })
        return ownData(reader, host.keys, session, now)
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/residence',
      ...signedIn(),
      summary: 'Where I live, as you have it.',
      responses: { 200: jsonAnswer('The address.', address), ...problems },
    }),
    async (c) => {
      const { street, city, postalCode } = (await players.profile(host.sql, host.keys, sessionOf(c).playerId)).address
      return c.json({ street, city, postalCode }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'put',
      path: '/api/residence',
      ...signedIn(),
      ...writes('players.profile_changed'),
      summary: 'Where I live now. Name and date of birth are changed by support, with a proof.',
      request: { headers: idempotencyHeader, body: jsonBody(address) },
      responses: { 200: jsonAnswer('Changed.', z.object({ changed: z.literal(true) })), ...problems },
    }),
    async (c) => {
      const wanted = c.req.valid('json')
      const payload = await blinded(host, wanted)
      return mutate(host, c, { operation: 'players.change_residence', payload }, async (tx, command) => {
        const { playerId: player } = await needs(host, tx, c, 'personal_data_change')
        await players.changeResidence(tx, command, { player, address: wanted })
        return { status: 200, body: { changed: true } }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/erasure-request',
      ...signedIn(),
      summary: 'Since when I wait to be erased; nothing where I did not ask.',
      responses: {
        200: jsonAnswer('The request.', z.object({ askedAt: z.iso.datetime().nullable() })),
        ...problems,
      },
    }),
    async (c) => {
      const askedAt = await players.erasureAskedAt(host.sql, sessionOf(c).playerId)
      return c.json({ askedAt: askedAt?.toISOString() ?? null }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/erasure-request',
      ...signedIn(),
      ...writes('players.erasure_asked'),
      summary:
        'Asks to be erased (GDPR Art. 17). People answer within a month; what the law has us keep is kept until its time is over.',
      request: { headers: idempotencyHeader },
      responses: { 202: jsonAnswer('It waits for an answer.', z.object({ askedAt: z.iso.datetime() })), ...problems },
    }),
    async (c) =>
      mutate(host, c, { operation: 'players.ask_erasure', payload: {} }, async (tx, command) => {
        const { playerId: player } = await needs(host, tx, c, 'erasure')
        const askedAt = await players.askErasure(tx, command, { player })
        return { status: 202, body: { askedAt: askedAt.toISOString() } }
      }),
  )

  return routes
}
