import { describe, expect, test } from 'vitest'
import * as games from '#games'
import { drawsThatReach } from '../../../core/games/catalogue/limbo/index.ts'
import { binomials } from '../../../core/games/catalogue/plinko/pays.ts'
import { spreadOf } from '../../../core/games/spread.ts'
import { anchorOf, percentAsPublished, rootAsPublished } from './anchors.ts'

const share = (n: bigint, d: bigint) => games.fraction(n, d)
const ninetyNine = games.fraction(99, 100)

describe('dice', () => {
  const game = games.gameOf('dice')
  const { pays } = game.sheet as { pays: Array<{ chance: number; times: number; step: number }> }

  test('every chance and side returns exactly 99 %, counted over all rolls; nothing is rounded [GLI-4.7.1a] [GLI-3.2.3a]', () => {
    expect(pays.length).toBeGreaterThan(90)
    for (const { chance, times, step } of pays)
      for (const side of ['under', 'over']) {
        const stake = `${step}.00`
        const choice = game.readChoice({ stake, chance, side }, 'EUR')
        const staked = game.stakeOf(choice)
        let won = 0n
        for (let roll = 0; roll < 10_000; roll++) won += game.play(choice, () => roll).win
        expect(share(won, staked * 10_000n), `${side} ${chance}`).toEqual(ninetyNine)
        expect(game.play(choice, () => (side === 'under' ? 0 : 9999)).win * 100n).toBe(staked * BigInt(times))
        const { mean } = game.spread!(choice)
        expect(share(mean.n, mean.d * staked)).toEqual(ninetyNine)
      }
  })

  test('chances that would need rounding, and stakes that would, are refused', () => {
    const read = (input: unknown) => () => game.readChoice(input, 'EUR')
    for (const chance of [4951, 0, -10, 9900, 10_000, 9.5, '4950', Number.NaN, undefined])
      expect(read({ stake: '1.00', chance, side: 'under' })).toThrow(/chances/)
    expect(read({ stake: '1.00', chance: 4950, side: 'between' })).toThrow(/under or over/)
    expect(read({ stake: '0.11', chance: 5000, side: 'under' })).toThrow(/steps of 0.50/)
    expect(read({ stake: '100.01', chance: 4950, side: 'under' })).toThrow(/between/)
  })
})

describe('limbo', () => {
  const game = games.gameOf('limbo')
  const { range } = game.sheet as { range: number }

  test('every target returns 99 %, cut by less than 3 in 10,000,000 where its chance is not whole [GLI-4.7.1a]', () => {
    let exact = 0
    for (let target = 101; target <= 100_000; target++) {
      const returned = share(BigInt(drawsThatReach(target)) * BigInt(target), BigInt(range) * 100n)
      const missing = games.fraction(99n * returned.d - 100n * returned.n, 100n * returned.d)
      expect(missing.n >= 0n && missing.n * 10_000_000n < missing.d * 3n, `target ${target}`).toBe(true)
      if (missing.n === 0n) exact++
    }
    expect(exact).toBe(939)
    for (const target of [110, 120, 150, 200, 250, 300, 500, 1000, 2000, 5000, 10_000, 100_000]) {
      const { mean } = game.spread!(game.readChoice({ stake: '1.00', target }, 'EUR'))
      expect(share(mean.n, mean.d * 100n), `target ${target}`).toEqual(ninetyNine)
    }
  })

  test('what is played turns where the count says: the last draw that reaches a target, and the next', () => {
    for (const target of [101, 150, 199, 200, 777, 12_345, 99_999, 100_000]) {
      const choice = game.readChoice({ stake: '1.00', target }, 'EUR')
      const last = drawsThatReach(target) - 1
      expect(game.play(choice, () => last).win).toBe(BigInt(target))
      expect(game.play(choice, () => last + 1)).toMatchObject({ win: 0n, outcome: { won: false } })
    }
    const choice = game.readChoice({ stake: '1.00', target: 101 }, 'EUR')
    expect(game.play(choice, () => range - 1).outcome).toEqual({ reached: 100, won: false })
  })
})

describe('plinko', () => {
  const game = games.gameOf('plinko')
  const { pays } = game.sheet as { pays: Record<string, Record<string, number[]>> }

  test('every table returns exactly 99 %, over every way a ball can fall; the top pay of no table is rarer than 1 in 100,000,000 [GLI-4.7.1a] [GLI-4.7.3]', () => {
    for (const [rows, risks] of Object.entries(pays))
      for (const [risk, table] of Object.entries(risks)) {
        const choice = game.readChoice({ stake: '0.50', rows: Number(rows), risk }, 'EUR')
        let won = 0n
        for (let way = 0; way < 2 ** Number(rows); way++) {
          let peg = 0
          won += game.play(choice, () => (way >> peg++) & 1).win
        }
        expect(share(won, 50n * 2n ** BigInt(rows)), `${rows} ${risk}`).toEqual(ninetyNine)
        const { mean } = game.spread!(choice)
        expect(share(mean.n, mean.d * 50n)).toEqual(ninetyNine)
        expect(table).toEqual([...table].reverse())
        expect(table[0]).toBe(Math.max(...table))
      }
  })

  test.each(['plinko-16-medium', 'plinko-8-low', 'plinko-16-cryptogames-yellow'])(
    'a published table comes out as published: %s (wizardofodds.com games/plinko)',
    (id) => {
      const { parameters, expected } = anchorOf(id)
      const { rows, pays: table } = parameters as { rows: number; pays: number[] }
      const { mean, variance } = spreadOf(
        binomials(rows).map((ways, bucket) => [ways, BigInt(Math.round(table[bucket]! * 10))]),
      )
      const [n = '', d = ''] = expected.fractions.rtp!.split('/')
      const rtp = share(mean.n, mean.d * 10n)
      expect(rtp).toEqual(share(BigInt(n), BigInt(d)))
      expect(percentAsPublished(rtp, expected.percentages.rtp!)).toBe(expected.percentages.rtp)
      expect(rootAsPublished(share(variance.n, variance.d * 100n), expected.decimals.sd!)).toBe(expected.decimals.sd)
    },
  )

  test('the ball falls as it was drawn, peg by peg', () => {
    const choice = game.readChoice({ stake: '1.00', rows: 8, risk: 'low' }, 'EUR')
    const path = [1, 0, 1, 1, 0, 0, 0, 1]
    let peg = 0
    expect(game.play(choice, () => path[peg++]!)).toEqual({ outcome: { path, bucket: 4, times: 50 }, win: 50n })
  })
})
