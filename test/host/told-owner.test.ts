import { afterAll, beforeAll, expect, test } from 'vitest'
import * as sessions from '#sessions'
import { sessionIn } from '../../edge/limit/asker.ts'
import { type Faces, openFaces } from '../support/faces.ts'

/** An edge counts a player with all their sign-ins, by what a core says of whose they are. */
let faces: Faces
beforeAll(async () => {
  faces = await openFaces()
})
afterAll(() => faces?.stop())

test('an edge that asks is told whose sign-in it is, whatever becomes of the request, and nobody else is', async () => {
  const { player, secret } = await signedIn()
  const cookie = `__Host-session=${secret}`
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

test('a cookie that the edge and a core would read differently is no sign-in, so that nobody goes uncounted', async () => {
  const { secret } = await signedIn()
  const url = await faces.serve()
  const other = 'a'.repeat(43)
  const escaped = `%${secret.charCodeAt(0).toString(16)}${secret.slice(1)}`
  for (const [cookie, counted, status] of [
    [`__Host-session=${secret}`, secret, 200],
    [`theme=dark; __Host-session=${secret}; a=b`, secret, 200],
    [`__Host-staff=${other}; __Host-session=${secret}`, secret, 200],
    [`__Host-session="${secret}"`, undefined, 401],
    [`__Host-session= ${secret}`, undefined, 401],
    [`__Host-session=${secret} ; a=b`, undefined, 401],
    [`__Host-session=${escaped}`, undefined, 401],
    [`__Host-session=${other}; __Host-session=${secret}`, other, 401],
    [`__Host-session=${secret}; __Host-session=${other}`, secret, 401],
    [`__Host-session=short; __Host-session=${secret}`, secret, 401],
  ] as const) {
    expect(sessionIn('player', cookie), cookie).toBe(counted)
    expect((await fetch(`${url}/api/me`, { headers: { cookie } })).status, cookie).toBe(status)
  }
})

/** A player, and the secret of their sign-in. */
async function signedIn(): Promise<{ player: string; secret: string }> {
  const { world } = faces
  const { player, email } = await world.player()
  const password = 'walrus tambourine quartz'
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player, passwordHash }))
  const caller = faces.caller('player')
  expect((await caller.ask('POST', '/api/sessions', { email, password })).status).toBe(201)
  return { player, secret: caller.cookie('__Host-session')! }
}
