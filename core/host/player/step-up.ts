import { createRoute, z } from '@hono/zod-openapi'
import type { Tx } from '#base'
import * as factors from '#factors'
import * as sessions from '#sessions'
import { signedIn } from '../access-rule.ts'
import {
  createRoutes,
  idempotencyHeader,
  jsonAnswer,
  jsonBody,
  problems,
  sessionOf,
  writes,
  writesNothing,
} from '../face.ts'
import { commandOf, type Host, type HostCommand, mutate, transact } from '../host.ts'
import { passwordWork } from '../password-work.ts'
import { partyOf } from '../relying-party.ts'
import { codeProof, codeSent, passkeyMessage, passkeyOptions, password, shown, windowed } from './proof-shapes.ts'
import { keepSecret } from './session-cookie.ts'

const purpose = 'step_up'
const proof = z
  .discriminatedUnion('factor', [
    z.strictObject({ factor: z.literal('password'), password }),
    z.strictObject({ factor: z.literal('passkey'), response: passkeyMessage }),
    codeProof,
  ])
  .openapi('Proof')

/** Showing again who one is, before an act that needs it. */
export function stepUpRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/sessions/step-up',
      ...signedIn(),
      ...writes(
        'sessions.stepped_up',
        'sessions.step_up_refused',
        'sessions.ended',
        'factors.passkey_cloned',
        ...shown,
      ),
      summary:
        'Shows a factor once more, for an act that needs it. The session goes on under a new cookie, the old one ends. Carries a secret, so it takes no key and is never stored.',
      request: { body: jsonBody(proof) },
      responses: { 200: jsonAnswer('Shown.', z.object({ authenticatedAt: z.iso.datetime() })), ...problems },
    }),
    async (c) => {
      const session = sessionOf(c)
      const command = commandOf(host, c)
      const given = c.req.valid('json')
      const player = session.playerId
      const known =
        given.factor === 'password' &&
        (await passwordWork(c, () => sessions.isPasswordOf(host.sql, host.keys, { player, password: given.password })))
      const done = await transact(host, async (tx) => {
        const right = given.factor === 'password' ? known : await isRight(host, tx, command, player, given)
        return sessions.stepUp(tx, command, { session, factor: given.factor, right })
      })
      await host.signIns.ended(player)
      if ('refusal' in done) throw done.refusal
      keepSecret(c, done.secret)
      return c.json({ authenticatedAt: done.session.authenticatedAt.toISOString() }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/sessions/step-up/passkey',
      ...signedIn(),
      ...writesNothing('a question to a browser; what comes of it is told when it is answered'),
      summary: 'What to ask the browser for at a step-up: one of the player’s own passkeys.',
      responses: { 200: jsonAnswer('For navigator.credentials.get.', passkeyOptions), ...problems },
    }),
    async (c) => {
      const { playerId: holder } = sessionOf(c)
      const asked = await transact(host, (tx) =>
        factors.passkeyChallenge(tx, commandOf(host, c), { rp: partyOf(host, 'player'), purpose, holder }),
      )
      return c.json({ ...asked }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/sessions/step-up/code',
      ...signedIn(),
      ...writes('sessions.code_asked', 'factors.code_sent'),
      summary: 'Sends a code to the player’s own address or telephone, to be shown at a step-up.',
      request: { headers: idempotencyHeader },
      responses: { 202: jsonAnswer('A code is on its way.', codeSent), ...problems },
    }),
    async (c) => {
      const { playerId } = sessionOf(c)
      return mutate(host, c, { operation: 'sessions.ask_own_code', payload: {} }, async (tx, command) => {
        await sessions.askOwnCode(tx, command, playerId)
        return { status: 202, body: { next: 'enter_code' } }
      })
    },
  )

  return routes
}

type Given = { factor: 'passkey'; response: Record<string, unknown> } | sessions.Proof

/** Anything but a password: looked at in the transaction that uses it up. */
async function isRight(host: Host, tx: Tx, command: HostCommand, player: string, given: Given): Promise<boolean> {
  if (given.factor !== 'passkey') return sessions.useProof(tx, command, player, windowed(host, given))
  const { response } = given
  const input = { rp: partyOf(host, 'player'), purpose, holder: player, response }
  return !('refusal' in (await factors.usePasskey(tx, command, input)))
}
