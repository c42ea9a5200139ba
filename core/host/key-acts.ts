import { z } from '@hono/zod-openapi'
import type * as staff from '#staff'
import { rotatable } from './rotation.ts'

const families = rotatable() as [string, ...string[]]
const name = z.string().trim().min(1).max(80)
const takesTwo = { propose: 'keys.manage', approve: 'keys.manage' } as const

/**
 * What is done with keys. No process that answers a network may do any of it, so an approval does nothing by itself: it is used,
 * once, at the console of the node (`countroom keys … --approval`), instead of two passwords there.
 */
export const keyActs = {
  'keys.rotate': {
    title: 'Rotate a key, at the console',
    payload: z.strictObject({ family: z.enum(families) }),
    ...takesTwo,
  } satisfies staff.Act<{ family: string }>,

  'keys.destroy': {
    title: 'Destroy a key for good, at the console',
    payload: z.strictObject({
      key: z.string().regex(/^[a-z][a-z-]{1,38}-\d{1,6}$/),
      early: z.boolean().default(false),
    }),
    ...takesTwo,
  } satisfies staff.Act<{ key: string; early: boolean }>,

  'keys.ceremony': {
    title: 'Hold a key ceremony, at the console',
    payload: z.strictObject({ custodians: z.array(name).min(2).max(20), threshold: z.int().min(2).max(20) }),
    ...takesTwo,
  } satisfies staff.Act<{ custodians: string[]; threshold: number }>,
}
