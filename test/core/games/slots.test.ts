import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as games from '#games'
import type { Draws } from '#rng'
import { slotGame } from '../../../core/games/slots/slot-game.ts'
import { everyRound } from './every-round.ts'

/** Small enough to be counted by hand or by every round there is. */
const little: games.SlotSheet = {
  rows: 1,
  wild: 'W',
  scatter: 'S',
  strips: [
    ['W', 'A', 'S', 'A'],
    ['A', 'W', 'S', 'B'],
    ['A', 'B', 'S', 'W'],
  ],
  lines: [[0, 0, 0]],
  pays: { W: { 3: 100 }, A: { 2: 1, 3: 10 }, B: { 3: 5 } },
  scatterPays: { 3: 7 },
}

describe('the report is what every round comes to', () => {
  const slots: Record<string, games.SlotSheet> = {
    'lines and scatters': little,
    'free spins that end': {
      ...little,
      strips: [
        ['W', 'A', 'S'],
        ['A', 'S', 'B'],
      ],
      lines: [[0, 0]],
      pays: { W: { 2: 100 }, A: { 1: 1, 2: 10 } },
      scatterPays: { 2: 7 },
      freeSpins: { from: 2, count: 2, multiplier: 3, totalMax: 4 },
    },
    'ways, a wild for some, and cascades': {
      rows: 2,
      wild: { W: ['A'] },
      scatter: 'S',
      strips: [
        ['A', 'B', 'S', 'A', 'B'],
        ['W', 'B', 'A', 'S', 'B', 'A'],
        ['B', 'S', 'A', 'W', 'B'],
      ],
      ways: { parts: 4 },
      pays: { A: { 2: 1, 3: 3 }, B: { 3: 2 } },
      scatterPays: { 2: 1, 3: 5 },
      cascade: { ladder: [1, 2, 5] },
    },
    'lines and cascades': {
      ...little,
      rows: 2,
      lines: [
        [0, 0, 0],
        [0, 1, 0],
      ],
      cascade: { ladder: [1, 3] },
    },
    'hold and spin on weights': {
      rows: 1,
      weights: [
        [
          ['C', 1],
          ['A', 2],
        ],
        [
          ['A', 1],
          ['C', 1],
        ],
        [
          ['C', 1],
          ['A', 3],
        ],
      ],
      lines: [[0, 0, 0]],
      pays: { A: { 3: 4 } },
      hold: {
        ...{ symbol: 'C', from: 2, respins: 2, blank: 3, full: 50 },
        values: [
          [1, 2],
          [4, 1],
        ],
      },
    },
    'prizes drawn': {
      ...little,
      pays: { A: { 2: 1, 3: 10 } },
      pick: {
        ...{ symbol: 'B', from: 2 },
        count: [
          [1, 1],
          [2, 3],
        ],
        prizes: [
          [1, 2],
          [5, 1],
        ],
      },
    },
    'prizes that lines bring': {
      ...little,
      rows: 2,
      lines: [
        [0, 0, 0],
        [1, 1, 1],
        [0, 1, 1],
      ],
      pays: { A: { 2: 1, 3: 10 } },
      pick: { symbol: 'B', from: 1, onLine: true, count: [[2, 1]], prizes: [[3, 1]] },
      strips: [
        ['B', 'A', 'S', 'A'],
        ['A', 'W', 'S', 'B'],
        ['A', 'B', 'S'],
      ],
    },
    'two features together, and boxes': {
      ...little,
      strips: [
        ['B', 'A', 'S'],
        ['S', 'B', 'A'],
      ],
      lines: [[0, 0]],
      wild: undefined,
      pays: { A: { 1: 1, 2: 10 } },
      scatterPays: { 1: 1 },
      freeSpins: { from: 1, count: 1, multiplier: 2, totalMax: 2 },
      pick: { symbol: 'B', from: 1, boxes: [2, 3, 0, 0] },
    },
  }
  test.each(Object.entries(slots))('%s', (_, sheet) => {
    expect(games.checkSheet(sheet)).toEqual([])
    const { mean, square } = everyRound((draws) => playOut(sheet, draws, first))
    const report = games.par(sheet, games.cycleOf(sheet))
    const stake = games.fraction(1, stakeOf(sheet))
    const exact = {
      rtp: times(mean, stake),
      variance: less(times(square, times(stake, stake)), times(times(mean, stake), times(mean, stake))),
    }
    expect({ rtp: report.rtp, variance: report.variance }).toEqual(exact)
  })

  test.each([
    [20, '102.81 %'],
    [16, '95.95 %'],
  ])('the worked example of the page: plums that pay %i return %s', (pay, rtp) => {
    const strip = ['plum', 'fig', 'star', 'fig']
    const sheet: games.SlotSheet = {
      ...{ rows: 1, strips: [strip, strip, strip], lines: [[0, 0, 0]], scatter: 'star' },
      pays: { plum: { 3: pay }, fig: { 2: 1, 3: 4 } },
      freeSpins: { from: 3, count: 2, multiplier: 3, totalMax: 4 },
    }
    expect(games.showPercent(games.par(sheet, games.cycleOf(sheet)).rtp, 2)).toBe(rtp)
  })

  test('whichever box is opened first, boxes return the same [GLI-4.5.2d-ii]', () => {
    const sheet = slots['two features together, and boxes']!
    const last: Chooser = (open) => open.at(-1)!
    expect(everyRound((draws) => playOut(sheet, draws, last)).mean).toEqual(
      everyRound((draws) => playOut(sheet, draws, first)).mean,
    )
  })
})

describe('gamble', () => {
  const sheet: games.SlotSheet = {
    ...little,
    strips: [['A'], ['A'], ['B', 'A']],
    gamble: { stepsMax: 2, timesMax: 30 },
  }
  const { play, moves } = games.openRounds(sheet)
  const choice = { stake: 1n, gamble: true }

  test.each(['red', 'black', 'hearts', 'spades'])(
    'on %s returns on average exactly what is gambled [GLI-4.8.5d]',
    (on) => {
      const gambled = everyRound((draws) => {
        let step = play(choice, draws)
        while (step.state) {
          const state = JSON.parse(JSON.stringify(step.state))
          const move = allowed(() => moves!.read(state, { move: 'gamble', on })) ?? { move: 'finish' as const }
          step = moves!.make(state, move, draws)
        }
        return step.win
      })
      expect(gambled.mean).toEqual(everyRound((draws) => play({ ...choice, gamble: false }, draws).win).mean)
    },
  )

  test('nobody need take part, nor is asked who did not want to be [GLI-4.8.5c]', () => {
    expect(play({ ...choice, gamble: false }, () => 1)).toMatchObject({ win: 10n })
    const asked = play(choice, () => 1)
    expect(asked).toMatchObject({ win: 0n, outcome: { gamble: { from: '10', steps: [] } } })
    expect(moves!.open(asked.state as never)).toEqual(['gamble', 'finish'])
    const fallback = moves!.read(asked.state as never, moves!.fallback(asked.state as never))
    expect(moves!.make(asked.state as never, fallback, () => 0)).toMatchObject({ win: 10n })
  })

  test('ends at its steps, at its most, and with a loss; what is not open is refused', () => {
    const { state } = play(choice, () => 1)
    const on = (suit: string) => () => moves!.read(state as never, { move: 'gamble', on: suit })
    expect(on('hearts')).toThrow() // four times ten is more than thirty stakes
    for (const input of [
      null,
      {},
      { move: 'open', box: 0 },
      { move: 'gamble' },
      { move: 'gamble', on: 'toString' },
      'finish',
    ])
      expect(() => moves!.read(state as never, input)).toThrow(
        expect.objectContaining({ code: 'games.choice_invalid' }),
      )
    const won = moves!.make(state as never, on('red')(), () => 0)
    expect(won).toMatchObject({
      win: 20n,
      outcome: { gamble: { steps: [{ won: true, amount: '20', card: { suit: 'hearts' } }] } },
    })
    expect(moves!.make(state as never, on('red')(), () => 51)).toMatchObject({ win: 0n })
  })
})

describe('tables', () => {
  const symbols = ['A', 'B', 'C', 'W', 'V', 'S'] as const
  const strip = fc.array(fc.constantFrom(...symbols), { minLength: 3, maxLength: 7 })
  const pays = fc.dictionary(fc.constantFrom('1', '2', '3', '4'), fc.integer({ min: 1, max: 90 }), { maxKeys: 4 })
  const sheets = fc
    .record({
      strips: fc.array(strip, { minLength: 2, maxLength: 4 }),
      rows: fc.integer({ min: 1, max: 3 }),
      pays: fc.record({ A: pays, B: pays, W: pays }, { requiredKeys: ['A'] }),
      wild: fc.constantFrom<games.SlotSheet['wild']>(undefined, 'W', { W: ['A'], V: ['A', 'B'] }),
      crossing: fc.array(fc.array(fc.nat(2), { minLength: 4, maxLength: 4 }), { minLength: 0, maxLength: 5 }),
      cascade: fc.boolean(),
      lineBrings: fc.option(fc.integer({ min: 1, max: 4 })),
    })
    .map(({ strips, crossing, cascade, lineBrings, ...rest }) => ({
      ...{ strips, scatter: 'S', ...rest },
      ...(crossing.length > 0
        ? {
            lines: [
              ...new Set(
                crossing.map((line) =>
                  line
                    .slice(0, strips.length)
                    .map((row) => row % rest.rows)
                    .join(),
                ),
              ),
            ].map((line) => line.split(',').map(Number)),
          }
        : { ways: { parts: 3 } }),
      ...(cascade && { cascade: { ladder: [1, 2, 3] } }),
      ...(lineBrings &&
        crossing.length > 0 && {
          pick: { symbol: 'C', from: lineBrings, onLine: true, count: [[1, 1]], prizes: [[1, 1]] },
        }),
    })) as fc.Arbitrary<games.SlotSheet>

  test('say of every stop what the reference says', () => {
    let compared = 0
    fc.assert(
      fc.property(
        sheets,
        fc.array(fc.array(fc.nat(1000), { minLength: 4, maxLength: 4 }), { minLength: 20, maxLength: 20 }),
        (sheet, all) => {
          fc.pre(games.checkSheet(sheet).length === 0)
          const engine = games.openEngine(sheet)
          const spinner = games.openSpinner(sheet)
          for (const numbers of all) {
            const stops = sheet.strips!.map((strip, reel) => numbers[reel]! % strip.length)
            const boards = allowed(() => spinner.at(stops).boards)
            if (!boards) expect(() => engine.times([0, ...stops], 1)).toThrow('without end')
            else {
              compared++
              const expected = boards.reduce(
                (sum, { evaluation, multiplier }) => sum + evaluation.times * multiplier,
                0,
              )
              expect(engine.times([0, ...stops], 1)).toBe(expected)
              expect(games.countsOf(engine.key())).toEqual(games.countsIn(sheet, boards.at(-1)!.window))
            }
          }
        },
      ),
      { seed: 7, numRuns: 400 },
    )
    expect(compared).toBeGreaterThan(2000)
  })
})

test('a slot that returns less than 75 %, or whose free spins have no end, does not start [GLI-4.7.1a]', () => {
  const start = (sheet: games.SlotSheet) => () =>
    slotGame({
      ...{ id: 'little', name: 'Little', sheet, cycle: games.cycleOf(sheet), stakeMin: 1n, stakeMax: 100n },
      rules: { en: [], de: [], es: [], fr: [] },
    })
  const paying = (times: number) => ({ ...little, pays: { A: { 2: 1, 3: times } } })
  expect(games.toNumber(games.par(paying(1), games.cycleOf(paying(1))).rtp)).toBeLessThan(0.75)
  expect(start(paying(1))).toThrow('less than may be')
  expect(start(paying(6))().winMax).toBe(700n) // three scatters
  expect(start({ ...paying(6), freeSpins: { from: 3, count: 1, multiplier: 1 } })).toThrow('has an end')
  expect(start({ ...paying(6), rows: 9 })).toThrow('shorter than its view')
})

describe('a sheet that is wrong is refused in words', () => {
  const wrong: Array<[change: Partial<Record<keyof games.SlotSheet, unknown>>, words: RegExp]> = [
    [{ rows: 0 }, /^rows/],
    [{ rows: 5 }, /shorter than its view/],
    [{ lines: [[0, 0]] }, /one row in view for each reel/],
    [
      {
        lines: [
          [0, 0, 0],
          [0, 0, 0],
        ],
      },
      /two are the same/,
    ],
    [{ pays: { A: { 4: 1 } } }, /on 1 to 3 reels/],
    [{ pays: { A: { 3: 1.5 } } }, /whole number/],
    [{ pays: { Z: { 3: 1 } } }, /no reel shows Z/],
    [{ wild: 'S' }, /symbol of a feature/],
    [{ wild: { W: ['Z'] } }, /no pays that a wild could stand for/],
    [{ lines: undefined, ways: { parts: 5 } }, /neither pays nor stands on the first reel/],
    [{ scatter: undefined }, /scatter: pays or free spins ask for one/],
    [{ pays: { S: { 3: 1 } } }, /no pays from the left/],
    [{ freeSpins: { from: 3, count: 5, multiplier: 2, totalMax: 4 } }, /less than one award/],
    [{ cascade: { ladder: [] } }, /ladder/],
    [{ hold: { symbol: 'S', from: 1, respins: 3, values: [[1, 1]], blank: 1, full: 0 } }, /symbol of its own/],
    [{ hold: { symbol: 'B', from: 1, respins: 3, values: [[0, 1]], blank: 0, full: 0 } }, /whole numbers/],
    [{ pick: { symbol: 'Q', from: 1, boxes: [1, 0] } }, /no reel shows it/],
    [{ pick: { symbol: 'B', from: 1, boxes: [1, 2] } }, /some boxes are empty/],
    [{ pick: { symbol: 'B', from: 1, onLine: true, boxes: [1, 0] } }, /opened once/],
    [{ gamble: { stepsMax: 0, timesMax: 1 } }, /stepsMax/],
  ]
  test.each(wrong)('%j', (change, words) => {
    expect(games.checkSheet({ ...little, ...change } as games.SlotSheet).join('\n')).toMatch(words)
  })
})

type Chooser = (open: number[]) => number
const first: Chooser = (open) => open[0]!

/** One round at one minor unit for each part of the stake; boxes are opened as `choose` says. */
function playOut(sheet: games.SlotSheet, draws: Draws, choose: Chooser): bigint {
  const { play, moves } = games.openRounds(sheet)
  let step = play({ stake: BigInt(stakeOf(sheet)), gamble: false }, draws)
  while (step.state) {
    const { boxes, outcome } = step.state as { boxes: number[]; outcome: { pick: { opened: Array<{ box: number }> } } }
    const opened = outcome.pick.opened.map(({ box }) => box)
    const open = [...boxes.keys()].filter((box) => !opened.includes(box))
    const state = step.state as Parameters<NonNullable<typeof moves>['make']>[0]
    step = moves!.make(state, moves!.read(state, { move: 'open', box: choose(open) }), draws)
  }
  return step.win
}

function stakeOf(sheet: games.SlotSheet): number {
  return sheet.lines?.length ?? sheet.ways!.parts
}

function times(a: games.Fraction, b: games.Fraction): games.Fraction {
  return games.fraction(a.n * b.n, a.d * b.d)
}

function less(a: games.Fraction, b: games.Fraction): games.Fraction {
  return games.fraction(a.n * b.d - b.n * a.d, a.d * b.d)
}

function allowed<Result>(call: () => Result): Result | undefined {
  try {
    return call()
  } catch {
    return undefined
  }
}
