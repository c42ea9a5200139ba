import { createRoute, z } from '@hono/zod-openapi'
import { deleteCookie, setCookie } from 'hono/cookie'
import { type Currency, showMoney, type Tx } from '#base'
import * as factors from '#factors'
import * as ledger from '#ledger'
import * as players from '#players'
import * as protection from '#protection'
import * as sessions from '#sessions'
import { anybody, signedIn } from '../access-rule.ts'
import {
  createRoutes,
  type FaceContext,
  idempotencyHeader,
  problems,
  sessionOf,
  wireMoney,
  writes,
  writesNothing,
} from '../face.ts'
import { blinded, commandOf, type Host, type HostCommand, mutate, transact } from '../host.ts'
import { playerCookie } from '../middleware/sign-in.ts'
import { keepDevice, originOf } from '../origin.ts'
import { partyOf } from '../relying-party.ts'
import { unhurried } from '../unhurried.ts'

const me = z
  .object({
    player: z.string(),
    email: z.string(),
    name: z.string(),
    country: z.string(),
    currency: z.string(),
    balance: z.object({ cash: wireMoney, bonus: wireMoney, held: wireMoney }),
    session: z.object({ startedAt: z.iso.datetime(), net: wireMoney }),
    bar: z.object({ kind: z.string(), until: z.iso.datetime() }).nullable(),
  })
  .openapi('Me')

const code = z.string().max(64)
const byCode = z.enum(['email', 'totp', 'sms', 'recovery'])
const signIn = z
  .strictObject({
    email: z.string().max(254),
    password: z.string().max(256),
    proof: z.strictObject({ factor: byCode, code }).optional().openapi({
      description:
        'What is shown besides the password, where `sessions.second_factor_required` or a lock asked for it.',
    }),
  })
  .openapi('SignIn')
const proof = z
  .discriminatedUnion('factor', [
    z.strictObject({ factor: z.literal('password'), password: z.string().max(256) }),
    z.strictObject({ factor: z.literal('passkey'), response: z.record(z.string(), z.unknown()) }),
    z.strictObject({ factor: byCode, code }),
  ])
  .openapi('Proof')
const passkeyOptions = z.looseObject({ challenge: z.string() }).openapi('PasskeyRequest')
const sent = z.object({ next: z.literal('enter_code') })

/** What showing a factor writes. */
const shown = ['factors.used', 'factors.refused', 'factors.recovery_code_used'] as const
const signInPurpose = 'sign_in'
const stepUpPurpose = 'step_up'

export function sessionsRoutes(host: Host) {
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
      request: {
        body: { required: true, content: { 'application/json': { schema: signIn } } },
      },
      responses: {
        201: {
          description: 'Signed in.',
          content: { 'application/json': { schema: z.object({ startedAt: z.iso.datetime() }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const command = commandOf(host, c)
      const replaced = c.get('session')
      const begun = await unhurried(async () => {
        const { proof, ...given } = c.req.valid('json')
        const shown = proof && windowed(host, proof)
        const input = { ...given, proof: shown, origin: originOf(host, c), now: command.now }
        const tried = await sessions.attempt(host.sql, host.keys, input)
        return transact(host, (tx) => sessions.begin(tx, command, tried, replaced))
      })
      if ('refusal' in begun) throw begun.refusal
      if (replaced) await host.signIns.ended(replaced.playerId)
      keepSecret(c, begun.secret)
      keepDevice(c, begun.device)
      return c.json({ startedAt: begun.session.createdAt.toISOString() }, 201)
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
      responses: {
        200: {
          description: 'Signed out.',
          content: { 'application/json': { schema: z.object({ ended: z.literal(true) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const session = sessionOf(c)
      deleteCookie(c, playerCookie, { path: '/', secure: true })
      const cookie = c.res.headers.get('set-cookie')
      const answer: Response = await mutate(
        host,
        c,
        { operation: 'sessions.end', payload: session.id },
        async (tx, command) => {
          await sessions.end(tx, command, session.id)
          return { status: 200, body: { ended: true } }
        },
      )
      await host.signIns.ended(session.playerId)
      if (cookie) answer.headers.set('set-cookie', cookie)
      return answer as never
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/me',
      ...signedIn(),
      summary: 'Who is signed in, what they have, and how this session stands.',
      responses: { 200: { description: 'The player.', content: { 'application/json': { schema: me } } }, ...problems },
    }),
    async (c) => {
      const session = sessionOf(c)
      const [player, profile, balance, net, bar] = await Promise.all([
        players.findPlayer(host.sql, session.playerId),
        players.profile(host.sql, host.keys, session.playerId),
        ledger.balance(host.sql, session.wallet),
        ledger.netSince(host.sql, session.wallet, { kind: 'round', version: session.walletVersion }),
        protection.barOf(host.sql, session.wallet, host.now()),
      ])
      if (!player) throw players.playerUnknown()
      const show = (amount: bigint) => showMoney({ amount, currency: session.currency as Currency })
      return c.json(
        {
          player: player.player,
          email: profile.email,
          name: profile.name,
          country: player.country,
          currency: session.currency,
          balance: { cash: show(balance.cash), bonus: show(balance.bonus), held: show(balance.held) },
          session: { startedAt: session.createdAt.toISOString(), net: show(net) },
          bar: bar ? { kind: bar.kind, until: bar.until.toISOString() } : null,
        },
        200,
      )
    },
  )

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
      request: { body: { required: true, content: { 'application/json': { schema: proof } } } },
      responses: {
        200: {
          description: 'Shown.',
          content: { 'application/json': { schema: z.object({ authenticatedAt: z.iso.datetime() }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const session = sessionOf(c)
      const command = commandOf(host, c)
      const given = c.req.valid('json')
      const player = session.playerId
      const known =
        given.factor === 'password' &&
        (await sessions.isPasswordOf(host.sql, host.keys, { player, password: given.password }))
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
      path: '/api/sessions/passkey/challenge',
      ...anybody('the question is the same for everybody'),
      ...writesNothing('a question to a browser; what comes of it is told when it is answered'),
      summary: 'What to ask the browser for: any passkey of this casino. The same for everybody, so it tells nothing.',
      responses: {
        200: {
          description: 'For navigator.credentials.get.',
          content: { 'application/json': { schema: passkeyOptions } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const asked = await transact(host, (tx) =>
        factors.passkeyChallenge(tx, commandOf(host, c), { rp: partyOf(host, 'player'), purpose: signInPurpose }),
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
      request: {
        body: {
          required: true,
          content: {
            'application/json': {
              schema: z.strictObject({ response: z.record(z.string(), z.unknown()) }).openapi('PasskeyAnswer'),
            },
          },
        },
      },
      responses: {
        201: {
          description: 'Signed in.',
          content: { 'application/json': { schema: z.object({ startedAt: z.iso.datetime() }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const command = commandOf(host, c)
      const { response } = c.req.valid('json')
      const replaced = c.get('session')
      const begun = await transact(host, async (tx) => {
        const rp = partyOf(host, 'player')
        const used = await factors.usePasskey(tx, command, { rp, purpose: signInPurpose, response })
        const player = 'refusal' in used ? undefined : used.holder
        return sessions.beginWithPasskey(tx, command, { player, origin: originOf(host, c), replaced })
      })
      if ('refusal' in begun) throw begun.refusal
      if (replaced) await host.signIns.ended(replaced.playerId)
      keepSecret(c, begun.secret)
      keepDevice(c, begun.device)
      return c.json({ startedAt: begun.session.createdAt.toISOString() }, 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/sessions/step-up/passkey',
      ...signedIn(),
      ...writesNothing('a question to a browser; what comes of it is told when it is answered'),
      summary: 'What to ask the browser for at a step-up: one of the player’s own passkeys.',
      responses: {
        200: {
          description: 'For navigator.credentials.get.',
          content: { 'application/json': { schema: passkeyOptions } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const { playerId: holder } = sessionOf(c)
      const asked = await transact(host, (tx) =>
        factors.passkeyChallenge(tx, commandOf(host, c), {
          rp: partyOf(host, 'player'),
          purpose: stepUpPurpose,
          holder,
        }),
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
      summary: 'Sends a code to the player’s own address, to be shown at a step-up.',
      request: { headers: idempotencyHeader },
      responses: {
        202: { description: 'A code is on its way.', content: { 'application/json': { schema: sent } } },
        ...problems,
      },
    }),
    async (c) => {
      const { playerId } = sessionOf(c)
      return mutate(host, c, { operation: 'sessions.ask_own_code', payload: {} }, async (tx, command) => {
        await sessions.askOwnCode(tx, command, playerId)
        return { status: 202, body: { next: 'enter_code' } }
      })
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
        body: {
          required: true,
          content: {
            'application/json': { schema: z.strictObject({ email: z.string().max(254) }).openapi('SignInCodeRequest') },
          },
        },
      },
      responses: {
        202: {
          description: 'If the address has an account, a code is on its way.',
          content: { 'application/json': { schema: sent } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const input = c.req.valid('json')
      return unhurried(async () => {
        const payload = await blinded(host, input)
        return mutate(host, c, { operation: 'sessions.ask_code', payload }, async (tx, command) => {
          await sessions.askCodeFor(tx, command, input)
          return { status: 202, body: { next: 'enter_code' } }
        })
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
  const used = await factors.usePasskey(tx, command, {
    rp: partyOf(host, 'player'),
    purpose: stepUpPurpose,
    holder: player,
    response,
  })
  return !('refusal' in used)
}

/** An app's code is taken in as many steps as the operator set, here as where the app was added. */
function windowed(host: Host, proof: sessions.Proof): sessions.Proof {
  return { ...proof, window: host.config.factors.totpWindow }
}

export function keepSecret(c: FaceContext, secret: string): void {
  setCookie(c, playerCookie, secret, { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' })
}
