import type { HttpBindings } from '@hono/node-server'
import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type * as audit from '#audit'
import { Refusal } from '#base'
import type { Session } from '#sessions'
import { passkeyNeeded, type StaffSession } from '#staff'

/** The player's sign-in as the faces see it. */
export type FaceSession = Session

/** The member of staff as the faces see them. */
export type FaceStaff = StaffSession

export type FaceEnv = {
  Bindings: HttpBindings
  Variables: {
    requestId: string
    address: string
    session: FaceSession | undefined
    staff: FaceStaff | undefined
    /** The machine whose access token was shown. */
    client: string | undefined
  }
}

export type FaceContext = Context<FaceEnv>

/** A set of routes that answers input it cannot read with a problem of one stable code. */
export function createRoutes(): OpenAPIHono<FaceEnv> {
  return new OpenAPIHono<FaceEnv>({
    defaultHook: (result) => {
      if (result.success) return
      const issues = result.error.issues
        .slice(0, 20)
        .map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
      throw new Refusal('invalid', 'request.invalid', 'The request does not have the form this route takes.', {
        issues,
      })
    },
  })
}

export function sessionOf(c: FaceContext): FaceSession {
  const session = c.get('session')
  if (!session) throw new Refusal('unauthenticated', 'sessions.required', 'Please sign in.')
  return session
}

/** @throws Refusal `staff.passkey_needed` when they signed in without one [S06] */
export function staffOf(c: FaceContext): FaceStaff {
  const staff = anyStaffOf(c)
  if (!staff.proven) throw passkeyNeeded()
  return staff
}

/** Also one who signed in without a passkey: to make one, to sign out, to learn that it is so. */
export function anyStaffOf(c: FaceContext): FaceStaff {
  const staff = c.get('staff')
  if (!staff) throw new Refusal('unauthenticated', 'staff.required', 'Please sign in.')
  return staff
}

/**
 * What a route writes into the audit log, in its document and for the test that holds it to it. One that writes nothing says
 * why.
 */
export function writes(...codes: readonly audit.Code[]) {
  return { 'x-audit-events': codes }
}

export function writesNothing(because: string) {
  return { 'x-audit-events': [] as readonly audit.Code[], 'x-audit-exception': because }
}

/** An answer in JSON, as a route documents it. */
export function json<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** A body in JSON, which is not left out. */
export function body<S extends z.ZodType>(schema: S) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** The header every mutating route takes: 1 to 128 visible ASCII characters, chosen by the caller. */
export const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .openapi({ description: 'One key per act; a repeat with the same key and payload gets the original answer.' }),
})

export const wireMoney = z
  .strictObject({
    amount: z.string().max(40).openapi({ example: '12.34' }),
    currency: z.string().max(8).openapi({ example: 'EUR' }),
  })
  .openapi('Money')

const problemSchema = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    requestId: z.string(),
  })
  .openapi('Problem')

/** A body that has to be there, in JSON. */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** An answer in JSON, for the document. */
export function jsonAnswer<S extends z.ZodType>(description: string, schema: S) {
  return { description, content: { 'application/json': { schema } } }
}

/** The answer every route may give instead of its own. */
export const problems = {
  default: {
    description: 'A problem (RFC 9457) with a stable code.',
    content: { 'application/problem+json': { schema: problemSchema } },
  },
} as const
