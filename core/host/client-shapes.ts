import { z } from '@hono/zod-openapi'
import type * as access from '#access'

/** A client as staff asks for it; what of it does not fit together the room says. */
export const clientData = z
  .strictObject({
    kind: z.enum(['machine', 'app']),
    name: z.string().max(80).openapi({ example: 'Reporting tool' }),
    authentication: z.enum(['key', 'certificate']),
    keys: z.array(z.record(z.string(), z.unknown())).max(4).default([]).openapi({ description: 'Public keys, JWK.' }),
    component: z.string().max(40).optional().openapi({ description: 'Whose certificate it shows (role client).' }),
    binding: z.enum(['dpop', 'certificate']),
    scopes: z.array(z.string().max(40)).max(20),
    redirectUris: z.array(z.string().max(400)).max(10).default([]),
    pushed: z.boolean().optional().openapi({ description: 'Pushes its requests; an app does unless it says no.' }),
  })
  .openapi('ClientData')

export function clientDataOf({ pushed, keys, ...rest }: z.infer<typeof clientData>): access.ClientData {
  return { ...rest, keys: keys as JsonWebKey[], pushed: pushed ?? rest.kind === 'app' }
}
