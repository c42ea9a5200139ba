import { createRoute, z } from '@hono/zod-openapi'
import { encode } from 'uqr'
import * as factors from '#factors'
import * as players from '#players'
import { signedIn } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, problems, writes, writesNothing } from '../face.ts'
import { blinded, commandOf, type Host, mutate, transact } from '../host.ts'
import { partyOf } from '../relying-party.ts'
import { needs } from '../step-up.ts'

const label = z.string().max(120)
const code = z.string().max(20)
const added = z.object({ factor: z.string() })
/** Options and messages of WebAuthn, in its own JSON; the room judges them. */
const webauthn = z.looseObject({}).openapi('WebAuthn')
const picture = z
  .object({ size: z.int(), path: z.string() })
  .openapi({ description: 'A QR code as an SVG path in a square of this size, its quiet zone included.' })

const named = z.object({ factor: z.string().max(64) })
const proof = z.strictObject({ code, label }).openapi('FactorProof')

/** Adding to what a player signs in with; who has nothing yet shows what the licence asks for instead of a factor. */
export function enrolmentRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/factors/passkeys/options',
      ...signedIn(),
      ...writesNothing('it is a question; what comes of it is written down when it is answered'),
      summary: 'What the browser needs to make a passkey. The question is good once, so it takes no key.',
      responses: {
        200: { description: 'Options.', content: { 'application/json': { schema: webauthn } } },
        ...problems,
      },
    }),
    async (c) => {
      const options = await transact(host, async (tx) => {
        const { playerId: holder } = await needs(host, tx, c, 'factor_change')
        const { email, name } = await players.profile(tx, host.keys, holder)
        const input = { holder, rp: partyOf(host, 'player'), name: email, displayName: name }
        return factors.passkeyRegistration(tx, commandOf(host, c), input)
      })
      return c.json({ ...options }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/factors/passkeys',
      ...signedIn(),
      ...writes('factors.added', 'factors.refused'),
      summary: 'Adds the passkey the browser made.',
      request: {
        headers: idempotencyHeader,
        body: {
          required: true,
          content: {
            'application/json': { schema: z.strictObject({ response: webauthn, label }).openapi('NewPasskey') },
          },
        },
      },
      responses: { 201: { description: 'Added.', content: { 'application/json': { schema: added } } }, ...problems },
    }),
    async (c) => {
      const payload = c.req.valid('json')
      return mutate(host, c, { operation: 'factors.add_passkey', payload }, async (tx, command) => {
        const { playerId: holder } = await needs(host, tx, c, 'factor_change')
        const outcome = await factors.addPasskey(tx, command, { holder, rp: partyOf(host, 'player'), ...payload })
        return 'refusal' in outcome ? outcome.refusal : { status: 201, body: outcome }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/factors/apps',
      ...signedIn(),
      ...writes('factors.offered'),
      summary: 'Offers a seed for an authenticator app. It is a secret, told once, so it takes no key.',
      responses: {
        201: {
          description: 'The seed.',
          content: {
            'application/json': {
              schema: z
                .object({ factor: z.string(), secret: z.string(), uri: z.string(), picture })
                .openapi('OfferedApp'),
            },
          },
        },
        ...problems,
      },
    }),
    async (c) => {
      const offered = await transact(host, async (tx) => {
        const { playerId: holder } = await needs(host, tx, c, 'factor_change')
        const { email } = await players.profile(tx, host.keys, holder)
        return factors.offerTotp(tx, commandOf(host, c), { holder, issuer: host.config.brand, account: email })
      })
      return c.json({ ...offered, picture: pictureOf(offered.uri) }, 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/factors/apps/{factor}/confirmation',
      ...signedIn(),
      ...writes('factors.added', 'factors.refused'),
      summary: 'Adds the app by its first code.',
      request: {
        headers: idempotencyHeader,
        params: named,
        body: { required: true, content: { 'application/json': { schema: proof } } },
      },
      responses: { 201: { description: 'Added.', content: { 'application/json': { schema: added } } }, ...problems },
    }),
    async (c) => {
      const payload = { ...c.req.valid('param'), ...c.req.valid('json') }
      return mutate(host, c, { operation: 'factors.confirm_totp', payload }, async (tx, command) => {
        const { playerId: holder } = await needs(host, tx, c, 'factor_change')
        const input = { holder, window: host.config.factors.totpWindow, ...payload }
        const outcome = await factors.confirmTotp(tx, command, input)
        return 'refusal' in outcome ? outcome.refusal : { status: 201, body: outcome }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/factors/phones',
      ...signedIn(),
      ...writes('factors.offered', 'factors.code_sent'),
      summary: 'Offers a telephone; a code goes there.',
      request: {
        headers: idempotencyHeader,
        body: {
          required: true,
          content: {
            'application/json': { schema: z.strictObject({ phone: z.string().max(40) }).openapi('NewPhone') },
          },
        },
      },
      responses: {
        202: { description: 'On its way.', content: { 'application/json': { schema: added } } },
        ...problems,
      },
    }),
    async (c) => {
      const phone = factors.normalisePhone(c.req.valid('json').phone)
      const payload = await blinded(host, { phone })
      return mutate(host, c, { operation: 'factors.offer_phone', payload }, async (tx, command) => {
        const { playerId: holder } = await needs(host, tx, c, 'factor_change')
        return { status: 202, body: await factors.offerPhone(tx, command, { holder, phone }) }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/factors/phones/{factor}/confirmation',
      ...signedIn(),
      ...writes('factors.added', 'factors.refused'),
      summary: 'Adds the telephone by the code that went there.',
      request: {
        headers: idempotencyHeader,
        params: named,
        body: { required: true, content: { 'application/json': { schema: proof } } },
      },
      responses: { 201: { description: 'Added.', content: { 'application/json': { schema: added } } }, ...problems },
    }),
    async (c) => {
      const payload = { ...c.req.valid('param'), ...c.req.valid('json') }
      return mutate(host, c, { operation: 'factors.confirm_phone', payload }, async (tx, command) => {
        const { playerId: holder } = await needs(host, tx, c, 'factor_change')
        const outcome = await factors.confirmPhone(tx, command, { holder, ...payload })
        return 'refusal' in outcome ? outcome.refusal : { status: 201, body: outcome }
      })
    },
  )

  return routes
}

/** Runs of dark modules, row by row: the page draws it with no style and no image from elsewhere. */
function pictureOf(text: string): { size: number; path: string } {
  const { size, data } = encode(text, { ecc: 'M', border: 4 })
  const runs = data.flatMap((row, y) =>
    [...row.map(Number).join('').matchAll(/1+/g)].map(
      ({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`,
    ),
  )
  return { size, path: runs.join('') }
}
