import { afterAll, beforeAll, expect, test } from 'vitest'
import * as games from '#games'
import { type Faces, openFaces } from '../support/faces.ts'

/** The rules of a game over the API, for who draws pages of their own. */
let faces: Faces
beforeAll(async () => {
  faces = await openFaces()
})
afterAll(() => faces?.stop())

test('the rules of a game come in the language that is asked for, as far as there is one [GLI-4.4.2]', async () => {
  const { rules } = games.gameOf('dice')
  const asked = async (wish?: string) =>
    faces.caller('player').ask('GET', '/api/games/dice', undefined, wish ? { 'accept-language': wish } : {})
  for (const [wish, language] of [
    ['de-AT,de;q=0.9,en;q=0.5', 'de'],
    ['fr', 'fr'],
    ['pt,es;q=0.8', 'es'],
    ['ja', 'en'],
    [undefined, 'en'],
  ] as const) {
    const { body, headers } = await asked(wish)
    expect(body.rules, wish).toEqual(rules[language])
    expect(headers.get('content-language')).toBe(language)
    expect(headers.get('vary')).toMatch(/accept-language/i)
  }
  expect(rules.de).not.toEqual(rules.en)
})
