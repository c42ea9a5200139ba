import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import * as messages from '#messages'
import { anybody } from '../access-rule.ts'
import { takeReceipt } from '../carriers/carriers.ts'
import { readSandboxReceipt } from '../carriers/sandbox.ts'
import { createRoutes, type FaceEnv, problems, writes } from '../face.ts'
import type { Host } from '../host.ts'
import { refuseAmbiguousJson } from '../middleware/body.ts'
import { readSecret } from '../secrets.ts'
import { isAuthentic } from '../signature.ts'

const receiptRoute = createRoute({
  method: 'post',
  path: '/api/carriers/{carrier}/receipts',
  ...anybody('the carrier signs what it sends'),
  ...writes('messages.receipt_forged'),
  summary:
    'A carrier of text messages tells what became of one. The first last word about a message counts, so a repeat changes nothing.',
  request: {
    params: z.object({ carrier: z.string().max(40) }),
    headers: z.object({
      'carrier-signature': z.string().max(1024).optional().openapi({
        description:
          't=<unix time>,v1=<hex HMAC-SHA256 of time, a dot and the raw body>; 300 s; several v1 while keys rotate.',
      }),
    }),
  },
  responses: {
    200: {
      description: 'Noted; it need not be sent again.',
      content: { 'application/json': { schema: z.strictObject({ received: z.literal(true) }) } },
    },
    ...problems,
  },
})

/** Receipts of text messages, verified over the raw bytes. */
export function carriersRoutes(host: Host): OpenAPIHono<FaceEnv> {
  const routes = createRoutes()
  const file = host.config.smsCarrier?.receiptSecretFile
  const secrets = file === undefined ? [] : readSecret(file).split(/\s+/)
  routes.openapi(receiptRoute, async (c) => {
    if (c.req.valid('param').carrier !== 'sandbox' || secrets.length === 0) throw messages.carrierUnknown()
    const raw = Buffer.from(await c.req.arrayBuffer())
    if (!isAuthentic(c.req.header('carrier-signature'), raw, secrets, host.now())) throw messages.receiptNotAuthentic()
    refuseAmbiguousJson(raw.toString('utf8'))
    await takeReceipt(host, readSandboxReceipt(raw), { address: c.get('address'), requestId: c.get('requestId') })
    return c.json({ received: true as const }, 200)
  })
  return routes
}
