import { createRoute, z } from '@hono/zod-openapi'
import type { Refusal } from '#base'
import * as factors from '#factors'
import * as sessions from '#sessions'
import { anybody, signedIn } from '../access-rule.ts'
import {
  createRoutes,
  type FaceContext,
  type FaceSession,
  idempotencyHeader,
  jsonAnswer,
  jsonBody,
  problems,
  sessionOf,
  writes,
  writesNothing,
} from '../face.ts'
import { blinded, commandOf, type Host, mutate, transact } from '../host.ts'
import { keepDevice, originOf } from '../origin.ts'
import { passwordWork } from '../password-work.ts'
import { partyOf } from '../relying-party.ts'
import { unhurried } from '../unhurried.ts'
import { codeProof, codeSent, passkeyMessage, passkeyOptions, password, shown, windowed } from './proof-shapes.ts'
import { dropSecret, keepSecret } from './session-cookie.ts'

const purpose = 'sign_in'
const email = z.string().max(254)
const attempt = z
  .strictObject({
    email,
    password,
    proof: codeProof.optional().openapi({
      description:
        'What is shown besides the password, where `sessions.second_factor_required` or a lock asked for it.',
    }),
  })
  .openapi('SignIn')
const begun = jsonAnswer('Signed in.', z.object({ startedAt: z.iso.datetime() }))

/** Signing in and out. */
export function signInRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/sessions',
      ...anybody('signing in is how one is known'),
      ...writes(
        'sessions.begun',
        'sessions.ended',
        'sessions.sign_in_refused',
        'sessions.second_factor_asked',
        'sessions.unlocked',
        ...shown,
      ),
      summary: 'Signs a player in; the answer sets a cookie. Carries a secret, so it takes no key and is never stored.',
      request: { body: jsonBody(attempt) },
      responses: { 201: begun, ...problems },
    }),
    async (c) => {
      const command = commandOf(host, c)
      const { proof, ...given } = c.req.valid('json')
      const replaced = c.get('session')
      const outcome = await unhurried(async () => {
        const shown = proof && windowed(host, proof)
        const input = { ...given, proof: shown, origin: originOf(host, c), now: command.now }
        const tried = await passwordWork(c, () => sessions.attempt(host.sql, host.keys, input))
        return transact(host, (tx) => sessions.begin(tx, command, tried, replaced))
      })
      return c.json(await enter(host, c, outcome, replaced), 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/sessions/passkey/challenge',
      ...anybody('the question is the same for everybody'),
      ...writesNothing('a question to a browser; what comes of it is told when it is answered'),
      summary: 'What to ask the browser for: any passkey of this casino. The same for everybody, so it tells nothing.',
      responses: { 200: jsonAnswer('For navigator.credentials.get.', passkeyOptions), ...problems },
    }),
    async (c) => {
      const asked = await transact(host, (tx) =>
        factors.passkeyChallenge(tx, commandOf(host, c), { rp: partyOf(host, 'player'), purpose }),
      )
      return c.json({ ...asked }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/sessions/passkey',
      ...anybody('who it is shows by the passkey'),
      ...writes(
        'sessions.begun',
        'sessions.ended',
        'sessions.sign_in_refused',
        'sessions.unlocked',
        'factors.used',
        'factors.refused',
        'factors.passkey_cloned',
      ),
      summary:
        'Signs a player in by a passkey alone; the answer sets a cookie, so it takes no key and is never stored.',
      request: { body: jsonBody(z.strictObject({ response: passkeyMessage }).openapi('PasskeyAnswer')) },
      responses: { 201: begun, ...problems },
    }),
    async (c) => {
      const command = commandOf(host, c)
      const { response } = c.req.valid('json')
      const replaced = c.get('session')
      const outcome = await transact(host, async (tx) => {
        const used = await factors.usePasskey(tx, command, { rp: partyOf(host, 'player'), purpose, response })
        const player = 'refusal' in used ? undefined : used.holder
        return sessions.beginWithPasskey(tx, command, { player, origin: originOf(host, c), replaced })
      })
      return c.json(await enter(host, c, outcome, replaced), 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/sessions/code',
      ...anybody('who asks for a code is not known yet'),
      ...writes('sessions.code_asked', 'factors.code_sent'),
      summary: 'Asks for a code to sign in with, besides the password. Answers alike for every address.',
      request: {
        headers: idempotencyHeader,
        body: jsonBody(z.strictObject({ email }).openapi('SignInCodeRequest')),
      },
      responses: { 202: jsonAnswer('If the address has an account, a code is on its way.', codeSent), ...problems },
    }),
    async (c) => {
      const input = c.req.valid('json')
      return unhurried(async () => {
        const payload = await blinded(host, input)
        return mutate(host, c, { operation: 'sessions.ask_code', payload }, async (tx, command) => {
          await sessions.askCodeFor(tx, command, { ...input, origin: originOf(host, c) })
          return { status: 202, body: { next: 'enter_code' } }
        })
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'delete',
      path: '/api/sessions/current',
      ...signedIn(),
      ...writes('sessions.ended'),
      summary: 'Signs out, here and on every node.',
      request: { headers: idempotencyHeader },
      responses: { 200: jsonAnswer('Signed out.', z.object({ ended: z.literal(true) })), ...problems },
    }),
    async (c) => {
      const session = sessionOf(c)
      const what = { operation: 'sessions.end', payload: session.id }
      const answer: Response = await mutate(host, c, what, async (tx, command) => {
        await sessions.end(tx, command, session.id)
        return { status: 200, body: { ended: true } }
      })
      await host.signIns.ended(session.playerId)
      dropSecret(c, answer)
      return answer as never
    },
  )

  return routes
}

/** Gives the browser what was begun, in the place of what it had. @throws Refusal the one that was answered */
async function enter(
  host: Host,
  c: FaceContext,
  outcome: sessions.Begun | { refusal: Refusal },
  replaced: FaceSession | undefined,
): Promise<{ startedAt: string }> {
  if ('refusal' in outcome) throw outcome.refusal
  if (replaced) await host.signIns.ended(replaced.playerId)
  keepSecret(c, outcome.secret)
  keepDevice(c, outcome.device)
  return { startedAt: outcome.session.createdAt.toISOString() }
}
