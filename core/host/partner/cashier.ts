import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as cashier from '#cashier'
import { anybody } from '../access-rule.ts'
import { createRoutes, type FaceEnv, problems, writes } from '../face.ts'
import { gatewayOf } from '../gateways/gateways.ts'
import { type Host, transact } from '../host.ts'
import { refuseAmbiguousJson } from '../middleware/body.ts'

const eventRoute = createRoute({
  method: 'post',
  path: '/api/gateways/{gateway}/events',
  ...anybody('the gateway signs what it sends'),
  ...writes(
    'cashier.event_forged',
    // and by the job that works on what was stored:
    'cashier.deposit_credited',
    'cashier.deposit_held',
    'cashier.deposit_failed',
    'cashier.withdrawal_paid',
    'cashier.withdrawal_failed',
    'cashier.event_mismatch',
    'cashier.event_contradiction',
  ),
  summary: 'A payment gateway tells what happened. Its own event id is the key; unknown members are kept.',
  request: {
    params: z.object({ gateway: z.string().max(40) }),
    headers: z.object({
      'gateway-signature': z.string().max(1024).optional().openapi({
        description:
          't=<unix time>,v1=<hex HMAC-SHA256 of time, a dot and the raw body>; 300 s; several v1 while keys rotate.',
      }),
    }),
  },
  responses: {
    200: {
      description: 'Stored; it need not be sent again.',
      content: { 'application/json': { schema: z.strictObject({ received: z.literal(true) }) } },
    },
    ...problems,
  },
})

/** Webhooks: verified over the raw bytes, stored, acknowledged; a job does the rest. */
export function cashierRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  routes.openapi(eventRoute, async (c) => {
    const gateway = c.req.valid('param').gateway
    const adapter = gatewayOf(host, gateway)
    const raw = Buffer.from(await c.req.arrayBuffer())
    const now = host.now()
    // Over the very bytes that came: whatever reads them before might not see the same ones.
    if (!adapter.isAuthentic(c.req.header('gateway-signature'), raw, now)) throw cashier.eventNotAuthentic()
    refuseAmbiguousJson(raw.toString('utf8'))
    const { id, name, reference } = adapter.readEvent(raw)
    const actor = { kind: 'partner' as const, id: gateway, address: c.get('address') }
    const command = { actor, now, requestId: c.get('requestId'), keys: host.keys }
    await transact(host, (tx) => cashier.receive(tx, command, { gateway, id, type: name, reference, raw }))
    return c.json({ received: true as const }, 200)
  })
  return routes
}
