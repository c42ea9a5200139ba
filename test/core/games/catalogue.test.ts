import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as games from '#games'
import { fixedDraws } from './golden.ts'

/** What holds for every game there is. */
describe.each(games.catalogue())('$id', (game) => {
  const choice = game.readChoice(game.sample, 'EUR')
  const stake = game.stakeOf(choice)

  test('returns at least 75 % and says so, in each language [GLI-4.7.1a]', () => {
    expect(game.rtp.n * 4n).toBeGreaterThanOrEqual(game.rtp.d * 3n)
    expect(game.rtp.n).toBeLessThan(game.rtp.d)
    const { en, ...others } = game.rules
    expect(Object.keys(others).sort()).toEqual(['de', 'es', 'fr'])
    for (const [language, lines] of Object.entries(game.rules)) {
      expect(lines, language).toHaveLength(en.length)
      expect(lines.join(' '), language).toMatch(/\d+ %|\d+\/\d+/)
    }
  })

  test('a choice is kept and read back as it was, and knows what it returns', () => {
    const written = game.writeChoice(choice)
    expect(game.writeChoice(game.reviveChoice(written))).toBe(written)
    expect(game.reviveChoice(written)).toEqual(choice)
    const { mean, variance } = game.spread!(choice)
    expect(mean.n * game.rtp.d).toBeLessThanOrEqual(game.rtp.n * mean.d * stake)
    expect(variance.n).toBeGreaterThan(0n)
    expect(stake >= game.stakeMin && stake <= game.stakeMax).toBe(true)
  })

  const first = game.play(choice, (range) => Math.floor(range / 3))
  test.runIf(first.state)('a move is read exactly or refused with a code, in a state as it is kept', () => {
    const state = JSON.parse(JSON.stringify(first.state)) as Record<string, unknown>
    const { read, stakeOf, open, fallback } = game.moves!
    const names = fc.constantFrom(...open(state), 'hit', '__proto__', '')
    const input = fc.oneof(fc.anything(), fc.record({ move: names, hold: fc.anything(), tile: fc.anything() }))
    fc.assert(
      fc.property(input, (move) => {
        try {
          expect(stakeOf(state, read(state, move))).toBeGreaterThanOrEqual(0n)
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^games\./) })
        }
      }),
    )
    expect(state).toEqual(JSON.parse(JSON.stringify(first.state)))
    expect(stakeOf(state, read(state, fallback(state)))).toBe(0n)
    expect(games.playOut(game, choice, fixedDraws(game.id)).state).toBeUndefined()
  })

  test.skipIf(game.moves && game.play(choice, () => 0).state)(
    'what is played returns what was computed, within three standard errors [GLI-4.7.1a]',
    () => {
      const draws = fixedDraws(`${game.id}, returns`)
      const rounds = 30_000
      let sum = 0n
      for (let n = 0; n < rounds; n++) sum += game.play(choice, draws).win
      const { mean, variance } = game.spread!(choice)
      const error = Math.sqrt(games.toNumber(variance) / rounds)
      expect(Math.abs(Number(sum) / rounds - games.toNumber(mean))).toBeLessThan(3 * error)
    },
  )
})
