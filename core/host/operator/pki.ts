import { createRoute, z } from '@hono/zod-openapi'
import * as pki from '#pki'
import { anybody, permits } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, problems, writes, writesNothing } from '../face.ts'
import { commandOf, type Host, mutate, transact } from '../host.ts'
import { awaitCertificate, enqueueIssue } from '../issuing.ts'

const pem = z.string().max(16_384)
const issued = z
  .object({
    component: z.string(),
    serial: z.string(),
    notAfter: z.iso.datetime(),
    chain: pem,
    anchors: pem,
    lists: pem,
  })
  .openapi('IssuedCertificate')
const component = z
  .object({
    component: z.string(),
    role: z.string(),
    state: z.enum(['offered', 'enabled', 'disabled']),
    serial: z.string().optional(),
    notAfter: z.iso.datetime().optional(),
    overdue: z.boolean(),
  })
  .openapi('Component')

const certificate = {
  201: { description: 'The certificate.', content: { 'application/json': { schema: issued } } },
  ...problems,
}

/**
 * The private authority for who has no other way in. The first two routes ask for no sign-in: a component that asks has a
 * one-time token, or the key of a certificate it renews, and nothing else. They take no idempotency key either: the same
 * request is the same application.
 */
export function pkiRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/pki/enrolments/use',
      ...anybody('a component that enrols proves itself by its token'),
      ...writes('pki.enrolled', 'pki.enrolment_refused'),
      summary: "Uses a component's one-time token: hands in a request (PKCS #10) and answers its first certificate.",
      request: {
        body: {
          required: true,
          content: {
            'application/json': {
              schema: z.strictObject({ token: z.string().max(100), request: pem }).openapi('EnrolmentRequest'),
            },
          },
        },
      },
      responses: certificate,
    }),
    async (c) => {
      const application = await transact(host, async (tx) => {
        const taken = await pki.apply(tx, commandOf(host, c), c.req.valid('json'))
        if (!('refusal' in taken)) await enqueueIssue(tx, taken.request)
        return taken
      })
      if ('refusal' in application) throw application.refusal
      return c.json(await awaitCertificate(host, application.request), 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/pki/renewals',
      ...anybody('a component that renews proves itself by the key of its certificate'),
      ...writes('pki.renewal_asked'),
      summary: 'Renews a certificate for a new key; signed by the key of the certificate that is renewed.',
      request: {
        body: {
          required: true,
          content: {
            'application/json': {
              schema: z
                .strictObject({
                  request: pem,
                  certificate: pem,
                  at: z.iso.datetime(),
                  signature: z.base64().max(400),
                })
                .openapi('RenewalRequest'),
            },
          },
        },
      },
      responses: certificate,
    }),
    async (c) => {
      const { at, signature, ...input } = c.req.valid('json')
      const application = await transact(host, async (tx) => {
        const taken = await pki.applyAgain(tx, commandOf(host, c), {
          ...input,
          at: new Date(at),
          signature: Buffer.from(signature, 'base64'),
        })
        await enqueueIssue(tx, taken.request)
        return taken
      })
      return c.json(await awaitCertificate(host, application.request), 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/pki/components',
      ...permits('pki.manage'),
      ...writesNothing('names of processes and machines, no personal data'),
      summary: 'Everything that was ever enrolled, with its newest certificate.',
      responses: {
        200: {
          description: 'Components.',
          content: { 'application/json': { schema: z.object({ components: z.array(component) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const found = await pki.components(host.sql, host.now())
      return c.json(
        {
          components: found.map(({ component, role, state, serial, notAfter, overdue }) => ({
            component,
            role,
            state,
            overdue,
            ...(serial && notAfter ? { serial, notAfter: notAfter.toISOString() } : {}),
          })),
        },
        200,
      )
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/pki/components/{component}/revocations',
      ...permits('pki.manage'),
      ...writes('pki.component_dismissed'),
      summary: 'Takes all certificates of a component back; it is disabled until it is enrolled again.',
      request: {
        headers: idempotencyHeader,
        params: z.strictObject({ component: z.string().max(40) }),
        body: {
          required: true,
          content: {
            'application/json': {
              schema: z.strictObject({ reason: z.string().min(1).max(200) }).openapi('RevocationRequest'),
            },
          },
        },
      },
      responses: {
        200: {
          description: 'What was taken back.',
          content: { 'application/json': { schema: z.object({ serials: z.array(z.string()) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const { component } = c.req.valid('param')
      const { reason } = c.req.valid('json')
      return mutate(host, c, { operation: 'pki.revoke', payload: { component, reason } }, async (tx, command) => ({
        status: 200,
        body: { serials: await pki.revoke(tx, command, { component, reason }) },
      }))
    },
  )

  // For whoever has to check certificates elsewhere. Both are signed and secret to nobody.
  routes.get('/pki/ca.pem', async (c) =>
    c.body(await pki.anchors(host.sql, { keys: host.keys, now: host.now() }), 200, pemType),
  )
  routes.get('/pki/revoked.pem', async (c) => c.body(await pki.lists(host.sql, host.now()), 200, pemType))

  return routes
}

const pemType = { 'content-type': 'application/x-pem-file' }
