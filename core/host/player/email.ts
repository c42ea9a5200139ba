import { createRoute, z } from '@hono/zod-openapi'
import * as messages from '#messages'
import * as players from '#players'
import * as sessions from '#sessions'
import { signedIn } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, jsonAnswer, jsonBody, problems, sessionOf, writes } from '../face.ts'
import { blinded, type Host, mutate } from '../host.ts'
import { needs } from '../step-up.ts'

/** Where a player is written to, and in which language. */
export function emailRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/email',
      ...signedIn(),
      ...writes('players.email_change_asked'),
      summary: 'Asks for another e-mail address: a code goes there, and the old address is told.',
      request: {
        headers: idempotencyHeader,
        body: jsonBody(z.strictObject({ email: z.string().min(3).max(254) }).openapi('EmailChange')),
      },
      responses: {
        202: jsonAnswer('A code is on its way.', z.object({ next: z.literal('confirm_email') })),
        ...problems,
      },
    }),
    async (c) => {
      const { email } = c.req.valid('json')
      const payload = await blinded(host, email)
      return mutate(host, c, { operation: 'players.ask_email_change', payload }, async (tx, command) => {
        const { playerId: player } = await needs(host, tx, c, 'email_change')
        await players.askEmailChange(tx, command, { player, email })
        return { status: 202, body: { next: 'confirm_email' } }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/email/confirmation',
      ...signedIn(),
      ...writes('players.profile_changed', 'players.registration_forgotten', 'players.confirmation_refused'),
      summary: 'Confirms the new address with the code from the mail; from then on it is the one to sign in with.',
      request: {
        headers: idempotencyHeader,
        body: jsonBody(z.strictObject({ code: z.string().regex(/^\d{6}$/) }).openapi('EmailConfirmation')),
      },
      responses: { 200: jsonAnswer('Changed.', z.object({ changed: z.literal(true) })), ...problems },
    }),
    async (c) => {
      const { playerId: player } = sessionOf(c)
      const { code } = c.req.valid('json')
      return mutate(host, c, { operation: 'players.confirm_email_change', payload: { code } }, async (tx, command) => {
        const result = await players.confirmEmailChange(tx, command, { player, code })
        if ('refusal' in result) return result.refusal
        if (result.forgotten) await sessions.forget(tx, result.forgotten)
        await sessions.forgetCodes(tx, player) // what went to the old address is in whose hands that is now
        return { status: 200, body: { changed: true } }
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/language',
      ...signedIn(),
      summary: 'The language I am written to in, and those there are.',
      responses: {
        200: jsonAnswer(
          'The language.',
          z.object({ language: z.enum(messages.languages), languages: z.array(z.enum(messages.languages)) }),
        ),
        ...problems,
      },
    }),
    async (c) => {
      const language = await players.languageOf(host.sql, sessionOf(c).playerId)
      return c.json({ language, languages: [...messages.languages] }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'put',
      path: '/api/language',
      ...signedIn(),
      ...writes('players.language_set'),
      summary: 'The language I am written to in.',
      request: {
        headers: idempotencyHeader,
        body: jsonBody(z.strictObject({ language: z.enum(messages.languages) }).openapi('LanguageChoice')),
      },
      responses: { 200: jsonAnswer('Noted.', z.object({ set: z.literal(true) })), ...problems },
    }),
    async (c) => {
      const { playerId: player } = sessionOf(c)
      const { language } = c.req.valid('json')
      return mutate(host, c, { operation: 'players.set_language', payload: { language } }, async (tx, command) => {
        await players.setLanguage(tx, command, { player, language })
        return { status: 200, body: { set: true } }
      })
    },
  )

  return routes
}
