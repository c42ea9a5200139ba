import { afterAll, beforeAll, expect, test } from 'vitest'
import * as sessions from '#sessions'
import { type Faces, openFaces } from '../support/faces.ts'

/** An edge counts a player with all their sign-ins, by what a core says of whose they are. */
let faces: Faces
beforeAll(async () => {
  faces = await openFaces()
})
afterAll(() => faces?.stop())

test('an edge that asks is told whose sign-in it is, whatever becomes of the request, and nobody else is', async () => {
  const { world } = faces
  const { player, email } = await world.player()
  const password = 'walrus tambourine quartz'
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  const caller = faces.caller('player')
  expect((await caller.ask('POST', '/api/sessions', { email, password })).status).toBe(201)
  const cookie = `__Host-session=${caller.cookie('__Host-session')}`
  const wanted = { 'x-player-wanted': '1' }
  const url = await faces.serve()
  const told = async (path: string, headers: Record<string, string>) => {
    const answer = await fetch(`${url}${path}`, { headers })
    return [answer.status, answer.headers.get('x-player')]
  }
  expect(await told('/api/me', { cookie, ...wanted })).toEqual([200, player])
  expect(await told('/api/rounds/rnd_1', { cookie, ...wanted })).toEqual([404, player])
  expect(await told('/api/me', { cookie })).toEqual([200, null])
  expect(await told('/api/me', wanted)).toEqual([401, null])
  expect(await told('/api/me', { cookie: `__Host-session=${'a'.repeat(43)}`, ...wanted })).toEqual([401, null])
})
