import type { MiddlewareHandler } from 'hono'
import type * as access from '#access'
import * as staff from '#staff'
import { anyStaffOf, type FaceContext, type FaceEnv, sessionOf, staffOf } from './face.ts'

/** Who may use a route, as its document tells. */
export type AccessRule =
  | { anybody: string }
  | { player: true }
  | { staff: readonly staff.Permission[] }
  | { scope: access.Scope }

/** A route that asks nobody who they are, and why it can. */
export function anybody(because: string) {
  return { 'x-access': { anybody: because } satisfies AccessRule }
}

/** Every player who is signed in; what they ask for is theirs, or is not there. */
export function signedIn() {
  return { 'x-access': { player: true } satisfies AccessRule, middleware: before(sessionOf) }
}

/** Members of staff who have all of these permissions; every one of them where none is named. */
export function permits(...permissions: readonly staff.Permission[]) {
  const check = (c: FaceContext) => {
    const member = staffOf(c)
    for (const permission of permissions) staff.permit(member, permission)
  }
  return { 'x-access': { staff: permissions } satisfies AccessRule, middleware: before(check) }
}

/** Members of staff also when they signed in without a passkey, to make one: the little they may then [S06]. */
export function permitsUnproven() {
  return { 'x-access': { staff: [] } satisfies AccessRule, middleware: before(anyStaffOf) }
}

/** Before the input is read: who may not use a route learns nothing of what it would take. */
function before(check: (c: FaceContext) => unknown): MiddlewareHandler<FaceEnv> {
  return async function accessRule(c, next) {
    check(c)
    await next()
  }
}
