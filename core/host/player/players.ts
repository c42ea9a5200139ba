import { createRoute, z } from '@hono/zod-openapi'
import * as licences from '#licences'
import * as messages from '#messages'
import * as players from '#players'
import * as sessions from '#sessions'
import { anybody } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, problems, writes } from '../face.ts'
import { blinded, type Host, mutate } from '../host.ts'
import { passwordWork } from '../password-work.ts'
import { unhurried } from '../unhurried.ts'

const line = (max: number) => z.string().trim().min(1).max(max)

const registrationSchema = z
  .strictObject({
    email: z.string().min(3).max(254),
    password: z.string().min(1).max(256),
    name: line(120),
    dateOfBirth: z.string().length(10).openapi({ example: '1985-06-15' }),
    address: z.strictObject({ street: line(120), city: line(80), postalCode: line(20) }),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .openapi({ example: 'MT' }),
    currency: z.string().min(3).max(4).openapi({ example: 'EUR' }),
    language: z.enum(messages.languages).optional().openapi({
      description: 'The language we write to you in; unsaid, the one your browser prefers of those we write.',
    }),
    termsVersion: z.string().max(20),
    privacyVersion: z.string().max(20),
  })
  .openapi('Registration')

const confirmationSchema = z
  .strictObject({
    email: z.string().max(254),
    code: z.string().regex(/^\d{6}$/),
    password: z.string().min(1).max(256).openapi({
      description: 'The one that was registered with: who reads the mail need not be who registered.',
    }),
  })
  .openapi('Confirmation')

const accepted = z.object({ next: z.literal('confirm_email') })

export function playersRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/terms',
      ...anybody('terms are read before they are agreed to'),
      summary:
        'What a registration must name: versions of terms and privacy policy, currencies, countries that are closed.',
      responses: {
        200: {
          description: 'The terms.',
          content: {
            'application/json': {
              schema: z.object({
                termsVersion: z.string(),
                privacyVersion: z.string(),
                currencies: z.array(z.string()),
                countriesBlocked: z.array(z.string()),
                ageMin: z.int(),
                passwordLengthMin: z.int(),
              }),
            },
          },
        },
        ...problems,
      },
    }),
    async (c) => {
      const { termsVersion, privacyVersion, currencies, countriesBlocked, ageMin, passwordLengthMin } =
        await licences.rules(host.sql)
      return c.json({ termsVersion, privacyVersion, currencies, countriesBlocked, ageMin, passwordLengthMin }, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/registrations',
      ...anybody('nobody is known before they have registered'),
      ...writes(
        'players.registered',
        'players.registration_replaced',
        'players.registration_repeated',
        'sessions.password_set',
      ),
      summary:
        'Registers a player; what was registered for the address and not confirmed is replaced. The answer does not tell whether it is known.',
      request: {
        headers: idempotencyHeader,
        body: { required: true, content: { 'application/json': { schema: registrationSchema } } },
      },
      responses: {
        202: { description: 'A mail is on its way.', content: { 'application/json': { schema: accepted } } },
        ...problems,
      },
    }),
    async (c) => {
      const { languageDefault } = await licences.rules(host.sql)
      const wish = messages.preferredLanguage(c.req.header('accept-language'), languageDefault)
      const input = { language: wish, ...c.req.valid('json') }
      const { password, ...rest } = input // the key's record must not hold even a digest of the password
      return unhurried(async () => {
        const payload = await blinded(host, rest)
        const passwordHash = await passwordWork(c, () => sessions.hashPassword(host.keys, password))
        return mutate(host, c, { operation: 'players.register', payload }, async (tx, command) => {
          await players.countRegistration(tx, command, input)
          const player = await players.register(tx, command, input)
          if (player) await sessions.setPassword(tx, command, { player, passwordHash })
          return { status: 202, body: { next: 'confirm_email' } }
        })
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/registrations/confirmation',
      ...anybody('nobody is known before they have registered'),
      ...writes('players.email_confirmed', 'players.confirmation_refused'),
      summary: 'Confirms the e-mail address with the code from the mail and the password of the registration.',
      request: {
        headers: idempotencyHeader,
        body: {
          required: true,
          content: {
            'application/json': {
              schema: confirmationSchema,
            },
          },
        },
      },
      responses: {
        200: {
          description: 'Confirmed.',
          content: { 'application/json': { schema: z.object({ confirmed: z.literal(true) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const { password, ...given } = c.req.valid('json') // nor this one
      const { email } = given
      return unhurried(async () => {
        const payload = await blinded(host, given)
        const compared = await passwordWork(c, () => sessions.comparePassword(host.sql, host.keys, { email, password }))
        return mutate(host, c, { operation: 'players.confirm_email', payload }, async (tx, command) => {
          const shownBy = await sessions.shownBy(tx, compared)
          return (await players.confirmEmail(tx, command, { ...given, shownBy }))
            ? { status: 200, body: { confirmed: true } }
            : players.confirmationWrong()
        })
      })
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/registrations/code',
      ...anybody('nobody is known before they have registered'),
      ...writes('players.confirmation_asked'),
      summary: 'Asks for another code.',
      request: {
        headers: idempotencyHeader,
        body: {
          required: true,
          content: {
            'application/json': { schema: z.strictObject({ email: z.string().max(254) }).openapi('CodeRequest') },
          },
        },
      },
      responses: {
        202: {
          description: 'If the address waits for a code, one is on its way.',
          content: { 'application/json': { schema: accepted } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const input = c.req.valid('json')
      return unhurried(async () => {
        const payload = await blinded(host, input)
        return mutate(host, c, { operation: 'players.resend_confirmation', payload }, async (tx, command) => {
          await players.resendConfirmation(tx, command, input)
          return { status: 202, body: { next: 'confirm_email' } }
        })
      })
    },
  )

  return routes
}
