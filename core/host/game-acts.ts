import { z } from '@hono/zod-openapi'
import * as games from '#games'
import type * as staff from '#staff'

const game = z.string().regex(/^[a-z][a-z0-9-]{1,39}$/)
const offered = z.strictObject({
  game,
  version: z.string().regex(/^[0-9a-f]{16}$/),
  rtp: z.string().regex(/^\d{1,3}(\.\d{1,8})? %$/),
})
const opened = z.strictObject({ game })
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
    title: 'Open a game again',
    payload: opened,
    ...takesTwo,
    execute: (tx, command, { proposal, payload }) => games.open(tx, command, { ...payload, proposal }),
  } satisfies staff.Act<z.infer<typeof opened>>,
}
