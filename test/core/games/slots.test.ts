import { describe, expect, test } from 'vitest'
import * as games from '#games'
import type { Draws } from '#rng'
import { everyRound } from './every-round.ts'
import { little } from './little-slot.ts'

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
