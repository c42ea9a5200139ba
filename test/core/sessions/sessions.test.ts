import { afterAll, beforeAll, expect, test } from 'vitest'
import * as sessions from '#sessions'
import { openWorld, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.stop())

const password = 'walrus tambourine quartz'
const withPassword = async () => {
  const player = await world.player()
  const passwordHash = await sessions.hashPassword(world.agent.keys, password)
  await world.act((tx) => sessions.setPassword(tx, world.command(), { player: player.player, passwordHash }))
  return player
}
const signIn = async (email: string, given: string, now = new Date(), address = '10.0.0.1') => {
  const tried = await sessions.attempt(world.sql, world.agent.keys, { email, password: given, address })
  return world.act((tx) => sessions.begin(tx, world.command(now), tried))
}
const codeOf = (outcome: Awaited<ReturnType<typeof signIn>>) => ('refusal' in outcome ? outcome.refusal.code : 'begun')

test('the right password begins a session; its secret is kept only as a digest', async () => {
  const { email, player } = await withPassword()
  const begun = await signIn(email, password)
  if ('refusal' in begun) throw begun.refusal
  expect(await sessions.find(world.sql, begun.secret, new Date())).toMatchObject({ playerId: player })
  expect(JSON.stringify(await world.admin`select s::text from sessions.sessions s`)).not.toContain(begun.secret)
  await world.act((tx) => sessions.end(tx, world.command(), begun.session.id))
  expect(await sessions.find(world.sql, begun.secret, new Date())).toBeUndefined()
})

test('unknown addresses and wrong passwords get one answer, and lock alike after three [GLI-2.5.3a] [GLI-2.5.3d-1]', async () => {
  const { email } = await withPassword()
  const outcomes = async (address: string, from: string) => {
    const codes: string[] = []
    for (let i = 0; i < 4; i++) codes.push(codeOf(await signIn(address, 'wrong wrong wrong', new Date(), from)))
    return codes
  }
  const expected = [
    'sessions.sign_in_refused',
    'sessions.sign_in_refused',
    'sessions.sign_in_refused',
    'sessions.locked',
  ]
  expect(await outcomes(email, '10.0.0.2')).toEqual(expected)
  expect(await outcomes('nobody@example.com', '10.0.0.3')).toEqual(expected)
  expect(codeOf(await signIn(email, password))).toBe('sessions.locked')
  expect(codeOf(await signIn(email, password, new Date(Date.now() + 31 * 60_000)))).toBe('begun')
})

test('idle for thirty minutes is the end of a session [GLI-2.5.4a]', async () => {
  const { email } = await withPassword()
  const begun = await signIn(email, password, new Date(), '10.0.0.4')
  if ('refusal' in begun) throw begun.refusal
  const later = (minutes: number) => new Date(Date.now() + minutes * 60_000)
  expect(await sessions.find(world.sql, begun.secret, later(29))).toBeDefined()
  expect(await sessions.find(world.sql, begun.secret, later(58))).toBeDefined() // it was used in between
  expect(await sessions.find(world.sql, begun.secret, later(89))).toBeUndefined()
})
