import { createRoute, z } from '@hono/zod-openapi'
import * as sessions from '#sessions'
import { signedIn } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, problems, sessionOf, writes } from '../face.ts'
import { type Host, mutate } from '../host.ts'
import { dropSecret } from './session-cookie.ts'

const deviceSchema = z
  .object({
    device: z.string(),
    browser: z.string().nullable(),
    network: z.string().nullable(),
    country: z.string().nullable(),
    knownAt: z.iso.datetime(),
    seenAt: z.iso.datetime(),
    current: z.boolean(),
    signedIn: z.boolean(),
  })
  .openapi('Device')

const done = z.object({ done: z.literal(true) })

/** The browsers a player signed in with, and how to sign them out. */
export function devicesRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/devices',
      ...signedIn(),
      summary: 'The devices this account knows: which browser, when it last signed in, from which network.',
      responses: {
        200: {
          description: 'The devices, the one used last first.',
          content: { 'application/json': { schema: z.object({ devices: z.array(deviceSchema) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const { playerId: player, signIn } = sessionOf(c)
      const found = await sessions.devices(host.sql, host.keys, { player, signIn, now: host.now() })
      return c.json({ devices: found.map(showDevice) }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'delete',
      path: '/api/devices/{device}',
      ...signedIn(),
      ...writes('sessions.device_ended'),
      summary: 'Signs a device out on every node and forgets it; when it comes back it is a new one.',
      request: { headers: idempotencyHeader, params: z.object({ device: z.string().max(64) }) },
      responses: { 200: { description: 'Done.', content: { 'application/json': { schema: done } } }, ...problems },
    }),
    async (c) => {
      const { playerId: player } = sessionOf(c)
      const { device } = c.req.valid('param')
      const answer = await mutate(
        host,
        c,
        { operation: 'sessions.end_device', payload: device },
        async (tx, command) => {
          await sessions.endDevice(tx, command, { player, device })
          return { status: 200, body: { done: true } }
        },
      )
      await host.signIns.ended(player)
      return answer
    },
  )

  routes.openapi(
    createRoute({
      method: 'delete',
      path: '/api/sessions',
      ...signedIn(),
      ...writes('sessions.all_ended'),
      summary: 'Signs out everywhere, here too, and forgets all devices.',
      request: { headers: idempotencyHeader },
      responses: { 200: { description: 'Done.', content: { 'application/json': { schema: done } } }, ...problems },
    }),
    async (c) => {
      const { playerId: player } = sessionOf(c)
      const answer: Response = await mutate(
        host,
        c,
        { operation: 'sessions.end_all', payload: player },
        async (tx, command) => {
          await sessions.signOutEverywhere(tx, command, player)
          return { status: 200, body: { done: true } }
        },
      )
      await host.signIns.ended(player)
      dropSecret(c, answer)
      return answer as never
    },
  )

  return routes
}

function showDevice({ last, ...device }: sessions.Device) {
  return {
    ...device,
    browser: last?.browser ?? null,
    network: last?.network ?? null,
    country: last?.place?.country ?? null,
    knownAt: device.knownAt.toISOString(),
    seenAt: device.seenAt.toISOString(),
  }
}
