import { createRoute, z } from '@hono/zod-openapi'
import { deleteCookie, setCookie } from 'hono/cookie'
import { type Currency, showMoney } from '#base'
import * as ledger from '#ledger'
import * as players from '#players'
import * as protection from '#protection'
import * as sessions from '#sessions'
import { anybody, signedIn } from '../access-rule.ts'
import { createRoutes, type FaceContext, idempotencyHeader, problems, sessionOf, wireMoney, writes } from '../face.ts'
import { commandOf, type Host, mutate, transact } from '../host.ts'
import { playerCookie } from '../middleware/sign-in.ts'
import { keepDevice, originOf } from '../origin.ts'

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

const code = z.string().regex(/^\d{6}$/)
const signIn = z
  .strictObject({
    email: z.string().max(254),
    password: z.string().max(256),
    proof: z
      .strictObject({ factor: z.literal('email'), code })
      .optional()
      .openapi({
        description:
          'What is shown besides the password, where `sessions.second_factor_required` or a lock asked for it.',
      }),
  })
  .openapi('SignIn')
const proof = z
  .discriminatedUnion('factor', [
    z.strictObject({ factor: z.literal('password'), password: z.string().max(256) }),
    z.strictObject({ factor: z.literal('email'), code }),
  ])
  .openapi('Proof')
const sent = z.object({ next: z.literal('enter_code') })

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
      const tried = await sessions.attempt(host.sql, host.keys, { ...c.req.valid('json'), origin: originOf(host, c) })
      const replaced = c.get('session')
      const begun = await transact(host, (tx) => sessions.begin(tx, command, tried, replaced))
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
      ...writes('sessions.stepped_up', 'sessions.step_up_refused', 'sessions.ended'),
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
        const right = given.factor === 'email' ? await sessions.useCode(tx, command, player, given.code) : known
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
      path: '/api/sessions/step-up/code',
      ...signedIn(),
      ...writes('sessions.code_asked'),
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
      ...writes('sessions.code_asked'),
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
      return mutate(host, c, { operation: 'sessions.ask_code', payload: input }, async (tx, command) => {
        await sessions.askCodeFor(tx, command, input)
        return { status: 202, body: { next: 'enter_code' } }
      })
    },
  )

  return routes
}

function keepSecret(c: FaceContext, secret: string): void {
  setCookie(c, playerCookie, secret, { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' })
}
