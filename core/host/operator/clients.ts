import { createRoute, z } from '@hono/zod-openapi'
import * as access from '#access'
import { permits } from '../access-rule.ts'
import { createRoutes, problems, writesNothing } from '../face.ts'
import type { Host } from '../host.ts'

const client = z
  .strictObject({
    client: z.string(),
    kind: z.enum(['machine', 'app']),
    name: z.string(),
    authentication: z.enum(['key', 'certificate']),
    keys: z.array(z.record(z.string(), z.unknown())).openapi({ description: 'Public keys, JWK.' }),
    component: z.string().nullable(),
    binding: z.enum(['dpop', 'certificate']),
    scopes: z.array(z.string()),
    redirectUris: z.array(z.string()),
    pushed: z.boolean(),
    addedAt: z.iso.datetime(),
  })
  .openapi('Client')

/** Machines and apps that may ask for tokens. They are changed by two people: by acts at the desk, or `countroom access`. */
export function clientsRoutes(host: Host) {
  const routes = createRoutes()
  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/clients',
      ...permits('clients.approve'),
      ...writesNothing('names of machines and of apps, no personal data'),
      summary: 'Every client that is let in.',
      responses: {
        200: {
          description: 'Clients, by name.',
          content: { 'application/json': { schema: z.strictObject({ clients: z.array(client) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const found = await access.clients(host.sql)
      return c.json({ clients: found.map(show) }, 200)
    },
  )
  return routes
}

function show({ keys, component, addedAt, scopes, redirectUris, ...rest }: access.Client): z.infer<typeof client> {
  return {
    ...rest,
    keys: keys.map((key) => ({ ...key })),
    component: component ?? null,
    scopes: [...scopes],
    redirectUris: [...redirectUris],
    addedAt: addedAt.toISOString(),
  }
}
