import { createRoute, z } from '@hono/zod-openapi'
import { deleteCookie, setCookie } from 'hono/cookie'
import * as access from '#access'
import * as staff from '#staff'
import { anybody, permits, permitsUnproven } from '../access-rule.ts'
import { acts } from '../acts.ts'
import { anyStaffOf, body, createRoutes, idempotencyHeader, json, problems, writes, writesNothing } from '../face.ts'
import { commandOf, type Host, mutate, transact } from '../host.ts'
import { staffCookie } from '../middleware/sign-in.ts'
import { passkeyMessage, passkeyOptions } from '../passkey-shapes.ts'
import { passwordWork } from '../password-work.ts'
import { certificateShown } from '../person.ts'
import { partyOf } from '../relying-party.ts'

const login = z
  .string()
  .regex(/^[A-Za-z0-9._-]{3,40}$/)
  .openapi({ example: 'grace' })
const newcomer = z.strictObject({ secret: z.string().max(100), login, password: z.string().max(256) })
const member = z
  .object({
    staff: z.string(),
    name: z.string(),
    roles: z.array(z.string()),
    permissions: z.array(z.string()),
    proven: z.boolean(),
  })
  .openapi('StaffMember')

export function staffRoutes(host: Host) {
  const routes = createRoutes()
  const rp = partyOf(host, 'operator')

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/enrolments/passkey',
      ...anybody('who enrols proves themselves by the link'),
      ...writesNothing('nothing has happened yet: the link is good still'),
      summary: 'What the browser of somebody with a one-time link needs to make their passkey.',
      request: { body: body(newcomer.openapi('Newcomer')) },
      responses: { 200: json(passkeyOptions, 'For `navigator.credentials.create`.'), ...problems },
    }),
    async (c) => {
      const given = { ...c.req.valid('json'), rp, shown: await certificateShown(host, c) }
      const wanted = await transact(host, (tx) => staff.enrolmentPasskey(tx, commandOf(host, c), given))
      return c.json(wanted as never, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/enrolments/use',
      ...anybody('who enrols proves themselves by the link'),
      ...writes('staff.enrolled', 'factors.added', 'factors.refused'),
      summary: 'Uses a one-time link: a name, a password for the console, and a passkey to sign in with.',
      request: { body: body(newcomer.extend({ passkey: passkeyMessage }).openapi('EnrolmentUse')) },
      responses: { 201: json(z.object({ staff: z.string(), role: z.string() }), 'Enrolled.'), ...problems },
    }),
    async (c) => {
      const given = { ...c.req.valid('json'), rp, shown: await certificateShown(host, c) }
      const enrolled = await transact(host, (tx) => staff.enrol(tx, commandOf(host, c), given))
      if ('refusal' in enrolled) throw enrolled.refusal
      return c.json(enrolled, 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/enrolments',
      ...permits('staff.enrol'),
      ...writes('staff.enrolment_offered', 'staff.approval_used'),
      summary: 'Makes a one-time link for a new member of staff; its secret is shown once, so it takes no key.',
      request: {
        body: {
          required: true,
          content: {
            'application/json': {
              schema: z
                .strictObject({
                  role: z.string().max(40),
                  proposal: z
                    .string()
                    .max(40)
                    .optional()
                    .describe('An approved `staff.enrol`, where the role is privileged and two could approve it.'),
                })
                .openapi('EnrolmentOffer'),
            },
          },
        },
      },
      responses: {
        201: { description: 'The link.', content: { 'application/json': { schema: z.object({ url: z.string() }) } } },
        ...problems,
      },
    }),
    async (c) => {
      const offered = await transact(host, (tx) => staff.offerPlace(tx, commandOf(host, c), acts, c.req.valid('json')))
      return c.json({ url: `${host.config.origins.operator}/enrol#${offered.secret}` }, 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/sessions/challenge',
      ...anybody('signing in is how one is known'),
      ...writesNothing('nobody is named yet'),
      summary: 'What a browser needs to sign in with a passkey; the passkey says whose it is.',
      responses: { 200: json(passkeyOptions, 'For `navigator.credentials.get`.'), ...problems },
    }),
    async (c) => {
      const wanted = await transact(host, (tx) => staff.signInChallenge(tx, commandOf(host, c), rp))
      return c.json(wanted as never, 200)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/sessions',
      ...anybody('signing in is how one is known'),
      ...writes('staff.signed_in', 'staff.sign_in_refused', 'factors.used', 'factors.refused'),
      summary:
        'Signs a member of staff in with their passkey. By name and password only who has no passkey yet, to make one. The answer sets a cookie.',
      request: {
        body: body(
          z
            .union([
              z.strictObject({ passkey: passkeyMessage }),
              z.strictObject({ login, password: z.string().max(256) }),
            ])
            .openapi('StaffSignIn'),
        ),
      },
      responses: {
        201: json(z.object({ name: z.string(), roles: z.array(z.string()), proven: z.boolean() }), 'Signed in.'),
        ...problems,
      },
    }),
    async (c) => {
      const given = c.req.valid('json')
      const shown = await certificateShown(host, c)
      const tried = 'passkey' in given ? given : await passwordWork(c, () => staff.attempt(host.sql, host.keys, given))
      const begun = await transact(host, (tx) =>
        'passkey' in tried
          ? staff.signIn(tx, commandOf(host, c), { rp, response: tried.passkey, shown })
          : staff.signInOnce(tx, commandOf(host, c), { ...tried, shown }),
      )
      if ('refusal' in begun) throw begun.refusal
      const { secret, name, roles, proven } = begun
      setCookie(c, staffCookie, secret, { path: '/', secure: true, httpOnly: true, sameSite: 'Strict' })
      return c.json({ name, roles, proven }, 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'delete',
      path: '/api/sessions/current',
      ...permitsUnproven(),
      ...writes('staff.signed_out'),
      summary: 'Signs out.',
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
      const { id, sessionId } = anyStaffOf(c)
      deleteCookie(c, staffCookie, { path: '/', secure: true })
      const cookie = c.res.headers.get('set-cookie')
      const answer: Response = await mutate(
        host,
        c,
        { operation: 'staff.sign_out', payload: sessionId },
        async (tx, command) => {
          await staff.signOut(tx, command, sessionId)
          await access.endAccount(tx, id)
          return { status: 200, body: { ended: true } }
        },
      )
      if (cookie) answer.headers.set('set-cookie', cookie)
      return answer as never
    },
  )

  routes.openapi(
    createRoute({
      method: 'get',
      path: '/api/me',
      ...permitsUnproven(),
      ...writesNothing('it tells staff about themselves'),
      summary: 'Who is signed in, and what they may do.',
      responses: {
        200: { description: 'The member of staff.', content: { 'application/json': { schema: member } } },
        ...problems,
      },
    }),
    (c) => {
      const { id, name, roles, permissions, proven } = anyStaffOf(c)
      return c.json({ staff: id, name, roles: [...roles], permissions: [...permissions], proven }, 200)
    },
  )

  return routes
}
