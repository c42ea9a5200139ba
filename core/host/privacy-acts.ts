import { z } from '@hono/zod-openapi'
import { purposes } from '#keys'
import * as privacy from '#privacy'
import type * as staff from '#staff'

const purpose = z.enum(purposes)
const agreed = z.strictObject({
  player: z.string().max(40),
  erases: z.array(purpose).max(purposes.length),
  keeps: z.array(z.strictObject({ purpose, until: z.iso.date() })).max(purposes.length),
})

/** What cannot be undone about a player's data: who approves sees what goes, and what is kept until when. */
export const privacyActs = {
  'privacy.erase': {
    title: 'Erase a closed account',
    payload: agreed,
    propose: 'erasures.propose',
    approve: 'erasures.approve',
    player: ({ player }) => player,
    execute: (tx, command, { proposal, reason, payload }) =>
      privacy.erase(tx, command, { agreed: payload, proposal, reason }),
  } satisfies staff.Act<z.infer<typeof agreed>>,
}
