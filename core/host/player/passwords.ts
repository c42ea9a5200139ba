import { createRoute, z } from '@hono/zod-openapi'
import * as factors from '#factors'
import { digestOf } from '#keys'
import * as players from '#players'
import * as sessions from '#sessions'
import { anybody, signedIn } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, jsonAnswer, jsonBody, problems, writes } from '../face.ts'
import { blinded, commandOf, type Host, mutate, transact } from '../host.ts'
import { passwordWork } from '../password-work.ts'
import { partyOf } from '../relying-party.ts'
import { needs } from '../step-up.ts'
import { unhurried } from '../unhurried.ts'
import { keepSecret } from './session-cookie.ts'

const purpose = 'password_reset'
const email = z.string().max(254)
const password = z.string().min(1).max(256)
const secret = z.string().length(43).openapi({ description: 'The ticket that the code was taken for.' })
const code = z.string().max(20)
const proof = z
  .discriminatedUnion('factor', [
    z.strictObject({ factor: z.enum(['totp', 'sms', 'recovery']), code: z.string().max(40) }),
    z.strictObject({ factor: z.literal('passkey'), response: z.looseObject({}) }),
  ])
  .openapi('ResetProof')

const fact = z.enum(['dateOfBirth', 'postalCode'])
const evidence = z
  .strictObject({ dateOfBirth: z.string().max(10).optional(), postalCode: z.string().max(20).optional() })
  .openapi('ResetEvidence')

const done = z.object({ done: z.literal(true) })

/** A password forgotten, and a password changed. */
export function passwordsRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/password-resets',
      ...anybody('Who has forgotten their password cannot sign in.'),
      ...writes('sessions.reset_asked'),
      summary: 'Asks for a code to set a new password. The answer does not tell whether the address is known.',
      request: { headers: idempotencyHeader, body: jsonBody(z.strictObject({ email }).openapi('PasswordReset')) },
      responses: {
        202: jsonAnswer('If the address is a player’s, a code is on its way.', z.object({ next: z.literal('code') })),
        ...problems,
      },
    }),
    async (c) => {
      const input = c.req.valid('json')
      const payload = await blinded(host, input)
      return mutate(host, c, { operation: 'sessions.ask_reset', payload }, async (tx, command) => {
        await sessions.askReset(tx, command, input)
        return { status: 202, body: { next: 'code' } }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/password-resets/code',
      ...anybody('The code of the mail says who it is.'),
      ...writes('sessions.reset_code_taken', 'sessions.reset_refused'),
      summary:
        'Takes the code for a ticket, and says which second factor has to be shown with the new password. Carries a secret, so it takes no key and is never stored.',
      request: { body: jsonBody(z.strictObject({ email, code }).openapi('ResetCode')) },
      responses: {
        200: jsonAnswer(
          'The ticket, good for a quarter of an hour.',
          z.object({
            secret: z.string(),
            factors: z.array(z.enum(['passkey', 'totp', 'sms', 'recovery'])).openapi({
              description: 'Any one of them has to be shown; none: nothing has.',
            }),
            evidence: z.array(fact).openapi({
              description: 'All of it has to be said of oneself; nothing where a factor has to be shown.',
            }),
            passkey: z
              .looseObject({})
              .nullable()
              .openapi({ description: 'What the browser needs to ask for a passkey.' }),
          }),
        ),
        ...problems,
      },
    }),
    async (c) => {
      const command = commandOf(host, c)
      const input = c.req.valid('json')
      const taken = await unhurried(() =>
        transact(host, async (tx) => {
          const taken = await sessions.takeResetCode(tx, command, input)
          if ('refusal' in taken) return taken
          const rp = partyOf(host, 'player')
          const asked = taken.ways.includes('passkey')
          const passkey = asked
            ? await factors.passkeyChallenge(tx, command, { rp, purpose, holder: taken.player })
            : null
          return { ...taken, passkey }
        }),
      )
      if ('refusal' in taken) throw taken.refusal
      c.header('cache-control', 'no-store')
      const passkey = taken.passkey as Record<string, unknown> | null
      return c.json({ secret: taken.secret, factors: taken.ways, evidence: taken.evidence, passkey }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/password-resets/sms',
      ...anybody('The ticket says who it is.'),
      ...writes('factors.code_sent'),
      summary: 'Sends a code to the telephone of who has the ticket.',
      request: { headers: idempotencyHeader, body: jsonBody(z.strictObject({ secret }).openapi('ResetSms')) },
      responses: { 202: jsonAnswer('On its way.', done), ...problems },
    }),
    async (c) => {
      const { secret } = c.req.valid('json')
      const payload = digestOf(secret).toString('hex')
      return mutate(host, c, { operation: 'sessions.reset_sms', payload }, async (tx, command) => {
        const holder = await sessions.playerOfTicket(tx, secret, command.now)
        await factors.sendSmsCode(tx, command, { holder })
        return { status: 202, body: { done: true } }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/password-resets/password',
      ...anybody('The ticket says who it is, and a second factor where there is one.'),
      ...writes(
        'sessions.password_set',
        'sessions.all_ended',
        'factors.used',
        'factors.recovery_code_used',
        'factors.refused',
        'sessions.reset_refused',
      ),
      summary:
        'Sets a new password, with a second factor where there is one, else with what one knows of oneself. All sessions end; sign in with it.',
      request: {
        headers: idempotencyHeader,
        body: jsonBody(
          z
            .strictObject({ secret, password, proof: proof.optional(), evidence: evidence.optional() })
            .openapi('NewPassword'),
        ),
      },
      responses: { 200: jsonAnswer('Set.', done), ...problems },
    }),
    async (c) => {
      const { secret, password, proof: shown, evidence } = c.req.valid('json')
      const player = await sessions.playerOfTicket(host.sql, secret, host.now())
      const chosen = await passwordWork(c, () => judged(host, player, password))
      const payload = digestOf(secret).toString('hex') // not a digest of the password
      let ended: string | undefined
      const answer: Response = await mutate(host, c, { operation: 'sessions.reset', payload }, async (tx, command) => {
        const show = shown && ((holder: string) => showFactor(host, tx, command, holder, shown))
        const result = await sessions.reset(tx, command, { secret, ...chosen, show, evidence })
        if ('refusal' in result) return result.refusal
        ended = result.player
        return { status: 200, body: { done: true } }
      })
      if (ended) await host.signIns.ended(ended)
      return answer as never
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/password',
      ...signedIn(),
      ...writes('sessions.password_set', 'sessions.all_ended', 'sessions.stepped_up', 'sessions.step_up_refused'),
      summary:
        'Changes my password, with the present one. Every other session ends, this one goes on under a new cookie. Carries a secret, so it takes no key and is never stored.',
      request: {
        body: jsonBody(z.strictObject({ present: z.string().max(256), password }).openapi('PasswordChange')),
      },
      responses: { 200: jsonAnswer('Changed.', done), ...problems },
    }),
    async (c) => {
      const { present, password } = c.req.valid('json')
      const session = await needs(host, host.sql, c, 'password_change')
      const { playerId: player } = session
      const command = commandOf(host, c)
      const { right, chosen } = await passwordWork(c, async () => {
        const right = await sessions.isPasswordOf(host.sql, host.keys, { player, password: present })
        return { right, chosen: right ? await judged(host, player, password) : undefined }
      })
      const result = await transact(host, async (tx) => {
        await needs(host, tx, c, 'password_change')
        const renewed = await sessions.stepUp(tx, command, { session, factor: 'password', right })
        if (!('refusal' in renewed) && chosen)
          await sessions.changePassword(tx, command, { player, ...chosen, except: renewed.session.id })
        return renewed
      })
      await host.signIns.ended(player)
      if ('refusal' in result) throw result.refusal
      keepSecret(c, result.secret)
      return c.json({ done: true as const }, 200)
    },
  )

  return routes
}

/** The new password's hash, if the player may have it; made outside any transaction, because it is slow on purpose. */
async function judged(host: Host, player: string, password: string) {
  const [about, standing] = await Promise.all([
    players.profile(host.sql, host.keys, player),
    factors.standing(host.sql, player),
  ])
  const secondFactor = factors.waysOf(standing).some(factors.isLasting)
  const { standsAlone } = await players.judgePassword(host.sql, { password, about, secondFactor })
  return { passwordHash: await sessions.hashPassword(host.keys, password), standsAlone }
}

function showFactor(
  host: Host,
  tx: Parameters<typeof factors.useTotp>[0],
  command: Parameters<typeof factors.useTotp>[1],
  holder: string,
  shown: z.infer<typeof proof>,
) {
  switch (shown.factor) {
    case 'totp':
      return factors.useTotp(tx, command, { holder, code: shown.code, window: host.config.factors.totpWindow })
    case 'sms':
      return factors.useSmsCode(tx, command, { holder, code: shown.code })
    case 'recovery':
      return factors.useRecoveryCode(tx, command, { holder, code: shown.code })
    case 'passkey':
      return factors.usePasskey(tx, command, { rp: partyOf(host, 'player'), purpose, holder, response: shown.response })
  }
}
