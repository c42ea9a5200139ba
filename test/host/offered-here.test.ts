import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Faces, openFaces } from '../support/faces.ts'

/** Where play is offered: the licence says which countries, the edge which one somebody is in. */
let faces: Faces
beforeAll(async () => {
  faces = await openFaces()
})
afterAll(() => faces?.stop())

const code = async (method: string, path: string, country?: string, body: unknown = {}) => {
  const headers: Record<string, string> = country === undefined ? {} : { 'x-client-country': country }
  return (await faces.caller('player').ask(method, path, method === 'GET' ? undefined : body, headers)).body.code
}
const beginnings = [
  '/api/registrations',
  '/api/deposits',
  '/api/games/roulette-european/rounds',
  '/api/games/roulette-european/fair-rounds',
  '/api/games/roulette-european/free-rounds',
]

test('nothing begins for who is where the licence does not allow it', async () => {
  for (const path of beginnings) expect(await code('POST', path, 'US'), path).toBe('licences.country_blocked')
})

test('elsewhere, and where nobody knows, what is asked is judged as ever', async () => {
  for (const path of beginnings)
    for (const country of ['DE', undefined])
      expect(await code('POST', path, country), path).not.toBe('licences.country_blocked')
})

test('who is there may still end what is open, take their money out, bar themselves and read', async () => {
  const still = ['/api/rounds/rnd_1/moves', '/api/withdrawals', '/api/exclusions', '/api/sessions', '/api/breaks']
  for (const path of still) expect(await code('POST', path, 'US'), path).not.toBe('licences.country_blocked')
  expect((await faces.caller('player').ask('GET', '/api/games', undefined, { 'x-client-country': 'US' })).status).toBe(
    200,
  )
})

test('the licence in force decides, not the program', async () => {
  const { admin } = faces.world
  await admin`update licences.licences set rules = jsonb_set(rules, '{countriesBlocked}', '["DE"]') where in_force`
  for (let tries = 0; (await code('POST', '/api/deposits', 'DE')) !== 'licences.country_blocked'; tries++) {
    expect(tries).toBeLessThan(300)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  expect(await code('POST', '/api/deposits', 'US')).not.toBe('licences.country_blocked')
})
