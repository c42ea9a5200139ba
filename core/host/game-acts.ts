import { z } from '@hono/zod-openapi'
import * as games from '#games'
import type * as staff from '#staff'

const game = z.string().regex(/^[a-z][a-z0-9-]{1,39}$/)
const version = z.string().regex(/^[0-9a-f]{16}$/)
const offered = z.strictObject({
  game,
  version,
  rtp: z.string().regex(/^\d{1,3}(\.\d{1,8})? %$/),
})
/** As it was closed: a game, a version of it, or `*`, which is all play. */
const opened = z.strictObject({ game: z.union([game, z.literal('*')]), version: version.optional() })
const takesTwo = { propose: 'games.propose', approve: 'games.approve' } as const

/** What of the catalogue is offered, and so with which return; parameters of jackpots come here once there are any. */
export const gameActs = {
  'games.offer': {
    title: 'Offer another version of a game, with another return',
    payload: offered,
    ...takesTwo,
    execute: (tx, command, { proposal, payload }) => games.offer(tx, command, { ...payload, proposal }),
  } satisfies staff.Act<z.infer<typeof offered>>,

  'games.open': {
    title: 'Open a game, or all play, again',
    payload: opened,
    ...takesTwo,
    execute: (tx, command, { proposal, payload: { game, version } }) =>
      games.open(tx, command, { game, proposal, ...(version === undefined ? {} : { version }) }),
  } satisfies staff.Act<z.infer<typeof opened>>,
}
