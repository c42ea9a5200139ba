import { createRoute, z } from '@hono/zod-openapi'
import { deleteCookie, setCookie } from 'hono/cookie'
import * as access from '#access'
import * as staff from '#staff'
import { anybody, permits } from '../access-rule.ts'
import { createRoutes, idempotencyHeader, problems, staffOf, writes, writesNothing } from '../face.ts'
import { commandOf, type Host, mutate, transact } from '../host.ts'
import { staffCookie } from '../middleware/sign-in.ts'

const login = z
  .string()
  .regex(/^[A-Za-z0-9._-]{3,40}$/)
  .openapi({ example: 'grace' })
const member = z
  .object({ staff: z.string(), name: z.string(), roles: z.array(z.string()), permissions: z.array(z.string()) })
  .openapi('StaffMember')

export function staffRoutes(host: Host) {
  const routes = createRoutes()

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/enrolments/use',
      ...anybody('who enrols proves themselves by the link'),
      ...writes('staff.enrolled'),
      summary: 'Uses a one-time link: chooses a name and password.',
      request: {
        body: {
          required: true,
          content: {
            'application/json': {
              schema: z
                .strictObject({ secret: z.string().max(100), login, password: z.string().max(256) })
                .openapi('EnrolmentUse'),
            },
          },
        },
      },
      responses: {
        201: {
          description: 'Enrolled.',
          content: { 'application/json': { schema: z.object({ staff: z.string(), role: z.string() }) } },
        },
        ...problems,
      },
    }),
    async (c) => c.json(await transact(host, (tx) => staff.enrol(tx, commandOf(host, c), c.req.valid('json'))), 201),
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/enrolments',
      ...permits('staff.enrol'),
      ...writes('staff.enrolment_offered'),
      summary: 'Makes a one-time link for a new member of staff; its secret is shown once, so it takes no key.',
      request: {
        body: {
          required: true,
          content: {
            'application/json': {
              schema: z
                .strictObject({
                  role: z.string().max(40),
                  second: z
                    .strictObject({ login, password: z.string().max(256) })
                    .optional()
                    .describe('Of another member of staff, for a role that may manage keys.'),
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
      const offered = await transact(host, (tx) => staff.offerPlace(tx, commandOf(host, c), c.req.valid('json')))
      if ('refusal' in offered) throw offered.refusal
      return c.json({ url: `${host.config.origins.operator}/enrol#${offered.secret}` }, 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'post',
      path: '/api/sessions',
      ...anybody('signing in is how one is known'),
      ...writes('staff.signed_in', 'staff.sign_in_refused'),
      summary: 'Signs a member of staff in; the answer sets a cookie.',
      request: {
        body: {
          required: true,
          content: {
            'application/json': {
              schema: z.strictObject({ login, password: z.string().max(256) }).openapi('StaffSignIn'),
            },
          },
        },
      },
      responses: {
        201: {
          description: 'Signed in.',
          content: { 'application/json': { schema: z.object({ name: z.string(), roles: z.array(z.string()) }) } },
        },
        ...problems,
      },
    }),
    async (c) => {
      const begun = await transact(host, (tx) => staff.signIn(tx, commandOf(host, c), c.req.valid('json')))
      if ('refusal' in begun) throw begun.refusal
      setCookie(c, staffCookie, begun.secret, { path: '/', secure: true, httpOnly: true, sameSite: 'Strict' })
      return c.json({ name: begun.name, roles: begun.roles }, 201)
    },
  )

  routes.openapi(
    createRoute({
      method: 'delete',
      path: '/api/sessions/current',
      ...permits(),
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
      const { id, sessionId } = staffOf(c)
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
      ...permits(),
      ...writesNothing('it tells staff about themselves'),
      summary: 'Who is signed in, and what they may do.',
      responses: {
        200: { description: 'The member of staff.', content: { 'application/json': { schema: member } } },
        ...problems,
      },
    }),
    (c) => {
      const { id, name, roles, permissions } = staffOf(c)
      return c.json({ staff: id, name, roles: [...roles], permissions: [...permissions] }, 200)
    },
  )

  return routes
}
