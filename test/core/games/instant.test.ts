import { afterAll, describe, expect, test } from 'vitest'
import * as games from '#games'
import { drawsThatReach } from '../../../core/games/catalogue/limbo/index.ts'
import { binomials } from '../../../core/games/catalogue/plinko/pays.ts'
import { spreadOf } from '../../../core/games/spread.ts'
import { anchorOf, everyNumberIsHeld, percentAsPublished, rootAsPublished } from './anchors.ts'
import { bets, figures } from './bets.ts'

afterAll(everyNumberIsHeld)

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

describe('mines', () => {
  const game = games.gameOf('mines')
  const { ladders } = game.sheet as { ladders: Record<string, number[]> }
  const choose = (n: number, k: number): bigint => (k === 0 ? 1n : (choose(n - 1, k - 1) * BigInt(n)) / BigInt(k))

  test('every number of mines and tiles returns 98 % to 99 %: the pay is 0.99 over its chance, cut to hundredths [GLI-4.7.1a] [GLI-4.7.3]', () => {
    let highest = games.fraction(0)
    for (const [mines, ladder] of Object.entries(ladders)) {
      expect(ladder.length).toBeGreaterThan(0)
      let before = 100
      for (const [index, times] of ladder.entries()) {
        const picks = index + 1
        const [all, safe] = [choose(25, picks), choose(25 - Number(mines), picks)]
        expect(BigInt(times), `${mines} mines, ${picks} tiles`).toBe((99n * all) / safe)
        const returned = games.fraction(BigInt(times) * safe, 100n * all)
        expect(returned.n * 100n >= returned.d * 98n && returned.n * 100n <= returned.d * 99n).toBe(true)
        if (returned.n * highest.d > highest.n * returned.d) highest = returned
        expect(times).toBeGreaterThan(before) // every tile raises the pay, and the first above the stake
        before = times
      }
      const all = 25 - Number(mines)
      const next = ladder.length + 1
      if (next <= all) expect((99n * choose(25, next)) / choose(all, next)).toBeGreaterThan(100_000n)
    }
    expect(Object.keys(ladders)).toHaveLength(24)
    expect(game.rtp).toEqual(highest)
  })

  test('whoever stops anywhere gets what the sheet has, counted over every way in which one and two mines can be laid [GLI-4.7.1a]', () => {
    const sheet = new Map(bets.find(([id]) => id === 'mines')![1].map(({ bet, returns }) => [bet, figures(returns)]))
    for (const mines of [1, 2]) {
      const sums = ladders[mines]!.map(() => ({ won: 0n, hits: 0n }))
      const ways = 25 * (mines === 2 ? 24 : 1)
      for (let way = 0; way < ways; way++)
        for (const [stop, sum] of sums.entries()) {
          let left = way
          let step = game.play(game.readChoice({ stake: '100.00', mines, tile: 0 }, 'EUR'), (range) => {
            const value = left % range
            left = Math.floor(left / range)
            return value
          })
          for (let tile = 1; tile <= stop && step.state; tile++) step = move(step.state, { move: 'reveal', tile })
          if (step.state) step = move(step.state, { move: 'cash-out' })
          sum.won += step.win
          if (step.win > 0n) sum.hits++
        }
      for (const [stop, { won, hits }] of sums.entries()) {
        const { rtp, hit } = sheet.get(`${mines} mine${mines > 1 ? 's' : ''}, ${stop + 1} tile${stop ? 's' : ''}`)!
        expect(rtp, `${mines} mines, ${stop + 1} tiles`).toEqual(share(won, 10_000n * BigInt(ways)))
        expect(hit).toEqual(share(hits, BigInt(ways)))
      }
    }
    expect(sheet.get('3 mines, 13 tiles')).toMatchObject({ rtp: ninetyNine, top: { times: '10.35' } })
    expect(sheet.get('3 mines, 21 tiles')).toMatchObject({ top: { times: '569.25' } })
    expect(sheet.get('1 mine, 24 tiles')).toMatchObject({ top: { times: '24.75' } })
    expect(sheet.size).toBe(Object.values(ladders).flat().length)
  })

  /** Mines on the first tiles: of what is left always the first. */
  const begin = (mines: number, tile: number) =>
    game.play(game.readChoice({ stake: '2.00', mines, tile }, 'EUR'), () => 0)
  const move = (state: Record<string, unknown>, input: unknown) => {
    const read = game.moves!.read(state, input)
    expect(game.moves!.stakeOf(state, read)).toBe(0n)
    return game.moves!.make(state, read, () => {
      throw new Error('a tile is opened, nothing is drawn')
    })
  }

  test('tiles open one by one, and nobody is told where the mines lie before the end [GLI-4.5.2c]', () => {
    const first = begin(3, 24)
    expect(first.outcome).toEqual({ picked: [24], count: 3, times: 112, next: 128 })
    expect(first.win).toBe(0n)
    const second = move(first.state!, { move: 'reveal', tile: 10 })
    expect(JSON.stringify(second.outcome)).not.toContain('ended')
    expect(move(second.state!, { move: 'cash-out' })).toEqual({
      outcome: { picked: [24, 10], count: 3, times: 128, next: null, ended: { mines: [0, 1, 2], hit: false } },
      win: 256n,
    })
    expect(move(second.state!, { move: 'reveal', tile: 1 })).toMatchObject({
      outcome: { picked: [24, 10, 1], times: 0, ended: { hit: true } },
      win: 0n,
    })
    expect(move(second.state!, game.moves!.fallback(second.state!)).win).toBe(256n)
  })

  test('the last tile on offer pays by itself, and a mine under the first ends it at once', () => {
    expect(begin(24, 24)).toMatchObject({ win: 2n * 2475n, outcome: { times: 2475 } })
    expect(begin(24, 3)).toMatchObject({ win: 0n, outcome: { ended: { hit: true } } })
    expect(begin(24, 24).state).toBeUndefined()
    let step = begin(12, 24)
    for (let tile = 23; step.state; tile--) step = move(step.state, { move: 'reveal', tile })
    expect(step.outcome).toMatchObject({ times: ladders[12]!.at(-1) })
  })

  test('every set of mines is as likely as every other [GLI-3.2.3a]', () => {
    // Three mines, so 25 * 24 * 23 ways to draw them: each set of three in six of them.
    const counts = new Map<string, number>()
    const choice = game.readChoice({ stake: '1.00', mines: 3, tile: 0 }, 'EUR')
    for (let way = 0; way < 25 * 24 * 23; way++) {
      let left = way
      const { outcome, state } = game.play(choice, (range) => {
        const value = left % range
        left = Math.floor(left / range)
        return value
      })
      const laid = (state ?? (outcome as { ended: unknown }).ended) as { mines: number[] }
      const name = [...laid.mines].sort((a, b) => a - b).join()
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    expect(counts.size).toBe(2300)
    expect(new Set(counts.values())).toEqual(new Set([6]))
  })

  test('tiles that are open, or are none, are refused, and so are moves that are none', () => {
    const { state } = begin(3, 24)
    for (const input of [
      { move: 'reveal', tile: 24 },
      { move: 'reveal', tile: 25 },
      { move: 'reveal', tile: '3' },
      { move: 'reveal' },
      { move: 'peek' },
      null,
      'cash-out',
    ])
      expect(() => game.moves!.read(state!, input)).toThrow(expect.objectContaining({ code: 'games.choice_invalid' }))
    for (const mines of [0, 25, 1.5, '3']) expect(() => begin(mines as number, 1)).toThrow(/1 to 24/)
  })
})
