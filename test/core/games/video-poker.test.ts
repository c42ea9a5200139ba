import { afterAll, describe, expect, test } from 'vitest'
import * as games from '#games'
import {
  bestKept,
  bestPlay,
  type Pays,
  perDeal,
} from '../../../core/games/catalogue/jacks-or-better/exact/best-play.ts'
import { pays } from '../../../core/games/catalogue/jacks-or-better/pays.ts'
import { anchorOf, asPublished, everyNumberIsHeld, percentAsPublished, rootAsPublished } from './anchors.ts'
import { deck } from './deck.ts'

afterAll(everyNumberIsHeld)

const game = games.gameOf('jacks-or-better')

/** As the anchors name the classes. */
const published = {
  'royal-flush': 'royalFlush',
  'straight-flush': 'straightFlush',
  'four-of-a-kind': 'fourOfAKind',
  'full-house': 'fullHouse',
  flush: 'flush',
  straight: 'straight',
  'three-of-a-kind': 'threeOfAKind',
  'two-pair': 'twoPair',
  'jacks-or-better': 'jacksOrBetter',
  nothing: 'nothing',
} as const
const named = (counts: Record<string, number>) =>
  Object.fromEntries(Object.entries(published).map(([ours, theirs]) => [theirs, counts[ours]]))
const sumOf = (report: ReturnType<typeof bestPlay>, of: Pays, power = 1n) =>
  Object.entries(of).reduce(
    (sum, [name, pay]) => sum + BigInt(report.counts[name as keyof Pays]) * BigInt(pay) ** power,
    0n,
  )
const rtpOf = (report: ReturnType<typeof bestPlay>, of: Pays) => games.fraction(sumOf(report, of), report.total)

describe('the best play', () => {
  const anchor = anchorOf('video-poker-jacks-or-better-9-6')
  const report = bestPlay(pays)
  const rtp = rtpOf(report, pays)
  const squares = games.fraction(sumOf(report, pays, 2n), report.total)
  const variance = games.fraction(squares.n * rtp.d * rtp.d - rtp.n * rtp.n * squares.d, squares.d * rtp.d * rtp.d)

  test(`over all 2,598,960 deals gives every hand as often as published, to the last (${anchor.title})`, () => {
    const { patHandsHeldFive, ...counts } = anchor.expected.integers
    expect(named(report.counts)).toEqual(counts)
    expect(report.keptWhole).toBe(patHandsHeldFive)
    expect(report.total).toBe(anchor.parameters.denominator)
    expect(game.sheet.counts).toEqual(report.counts)
    expect(named(pays)).toEqual(anchor.parameters.pays)
  })

  test(`returns what is published, and deviates as much [GLI-4.7.1a] (${anchor.title})`, () => {
    const { fractions, decimals } = anchor.expected
    expect(`${rtp.n}/${rtp.d}`).toBe(fractions.rtp)
    expect(game.rtp).toEqual(rtp)
    expect(asPublished(rtp, decimals.rtp!)).toBe(decimals.rtp)
    expect(rootAsPublished(variance, decimals.sd!)).toBe(decimals.sd)
    const spread = game.spread!(game.readChoice({ stake: '3.00' }, 'EUR'))
    expect(spread.mean).toEqual(games.fraction(rtp.n * 300n, rtp.d))
    expect(spread.variance).toEqual(games.fraction(variance.n * 90_000n, variance.d))
  })

  const many = anchorOf('video-poker-jacks-or-better-9-6-multi-hand')
  test(`of several hands from one deal deviates as published (${many.title})`, () => {
    const { sharedDealCovariance, ...deviations } = many.expected.decimals
    const worth = games.fraction(report.squares, 2_598_960n * BigInt(perDeal) ** 2n)
    const shared = games.fraction(worth.n * rtp.d * rtp.d - rtp.n * rtp.n * worth.d, worth.d * rtp.d * rtp.d)
    expect(asPublished(shared, sharedDealCovariance!)).toBe(sharedDealCovariance)
    for (const [name, text] of Object.entries(deviations)) {
      const others = BigInt(name.slice(2)) - 1n
      const all = games.fraction(variance.n * shared.d + others * shared.n * variance.d, variance.d * shared.d)
      expect(rootAsPublished(all, text), name).toBe(text)
    }
  })

  const royal = anchorOf('video-poker-jacks-or-better-9-6-royal-976')
  test(`with a royal flush of 976 gives the published counts, and a hair more than all (${royal.title})`, () => {
    const richer = { ...pays, 'royal-flush': 976 }
    const found = bestPlay(richer)
    expect(named(found.counts)).toEqual(royal.expected.integers)
    const returned = rtpOf(found, richer)
    expect(asPublished(returned, royal.expected.decimals.rtp!)).toBe(royal.expected.decimals.rtp)
    expect(percentAsPublished(returned, royal.expected.percentages.rtp!)).toBe(royal.expected.percentages.rtp)
  })

  const variants = anchorOf('video-poker-jacks-or-better-variants')
  test.each<[string, Partial<Pays>]>([
    ['rtp9-5', { flush: 5 }],
    ['rtp8-6', { 'full-house': 8 }],
    ['rtp8-5', { 'full-house': 8, flush: 5 }],
    ['rtp7-5', { 'full-house': 7, flush: 5 }],
    ['rtp6-5', { 'full-house': 6, flush: 5 }],
    ['rtpNetEnt40-20-9-6-5', { 'straight-flush': 40, 'four-of-a-kind': 20, straight: 5 }],
    ['rtpGtech20-7-5', { 'four-of-a-kind': 20, 'full-house': 7, flush: 5 }],
    ['rtp9-6OneToFourCoins', { 'royal-flush': 250 }],
  ])(`of another pay table returns what is published: %s (${variants.title})`, (name, changes) => {
    const other = { ...pays, ...changes }
    const text = variants.expected.percentages[name]!
    expect(percentAsPublished(rtpOf(bestPlay(other), other), text)).toBe(text)
  })

  test('holds what the published list of holds does, where it is less than plain', () => {
    const kept = (cards: string) => {
      const sorted = cards
        .split(' ')
        .map((card) => ({ card, number: 'A23456789TJQK'.indexOf(card[0]!) * 4 + 'SHDC'.indexOf(card[1]!) }))
        .sort((one, other) => one.number - other.number)
      const mask = bestKept(
        pays,
        sorted.map(({ number }) => number),
      )
      return sorted
        .filter((_, place) => mask & (1 << place))
        .map(({ card }) => card)
        .sort()
        .join(' ')
    }
    expect(kept('AS KS QS JS 9S')).toBe('AS JS KS QS') // four to a royal flush before a flush
    expect(kept('9S KS QS JS TS')).toBe('9S JS KS QS TS') // but not before a straight flush
    expect(kept('4S 4H AD KD QD')).toBe('AD KD QD') // three to a royal before a low pair
    expect(kept('JS JH TH 9H 8H')).toBe('8H 9H JH TH') // four to a straight flush before a high pair
    expect(kept('4S 4H 7D 8D 9D')).toBe('4H 4S') // a low pair before three to a straight flush
    expect(kept('2S 5H 7D 8C TS')).toBe('') // nothing to hold
  })
})

describe('a round', () => {
  const choice = game.readChoice({ stake: '2.00' }, 'EUR')
  const play = (cards: string, hold: unknown) => {
    const { draws, left, ranges } = deck(1, cards)
    const dealt = game.play(choice, draws)
    const state = JSON.parse(JSON.stringify(dealt.state)) as Record<string, unknown>
    const move = game.moves!.read(state, { move: 'hold', hold })
    expect(game.moves!.stakeOf(state, move)).toBe(0n)
    const made = game.moves!.make(state, move, draws)
    expect(left()).toBe(0)
    return { dealt, made, ranges }
  }

  test('what is held stays, what is not is drawn from the 47 cards left [GLI-3.2.3a] [GLI-3.2.4a]', () => {
    const { dealt, made, ranges } = play('JJ259J8K', [1, 0])
    expect(ranges).toEqual([52, 51, 50, 49, 48, 47, 46, 45])
    expect(dealt).toMatchObject({ win: 0n, outcome: { class: 'jacks-or-better' } })
    expect(dealt.outcome).not.toHaveProperty('ended')
    expect(made.outcome).toMatchObject({ class: 'three-of-a-kind', ended: { held: [0, 1], times: 3 } })
    expect(made.win).toBe(600n)
    expect(made.state).toBeUndefined()
  })

  test.each([
    ['AKQJT', 'royal-flush', 800],
    ['A5432', 'straight-flush', 50],
    ['77772', 'four-of-a-kind', 25],
    ['77722', 'full-house', 9],
    ['TJQK3', 'flush', 6],
    ['JJJ72', 'three-of-a-kind', 3],
    ['22337', 'two-pair', 2],
    ['AA237', 'jacks-or-better', 1],
    ['TT237', 'nothing', 0],
  ])('%s, of one suit where that can be, is %s and pays %d times', (cards, found, times) => {
    const { made } = play(cards, [0, 1, 2, 3, 4])
    expect(made.outcome).toMatchObject({ class: found, ended: { times } })
    expect(made.win).toBe(200n * BigInt(times))
  })

  test('a straight goes from ace to five up to ace, and not around', () => {
    const mixed = (cards: string[]) => {
      const state = { stake: '100', cards }
      const { outcome } = game.moves!.make(state, { hold: [0, 1, 2, 3, 4] }, () => 0)
      return outcome.class
    }
    expect(mixed(['AS', '2H', '3S', '4S', '5S'])).toBe('straight')
    expect(mixed(['TS', 'JH', 'QS', 'KS', 'AS'])).toBe('straight')
    expect(mixed(['9S', '5H', '8S', '7S', '6S'])).toBe('straight')
    expect(mixed(['QS', 'KH', 'AS', '2S', '3S'])).toBe('nothing')
    expect(mixed(['2S', '3H', '4S', '5S', '7S'])).toBe('nothing')
  })

  test('who does not come back keeps what pays', () => {
    const kept = (cards: string[]) => game.moves!.fallback({ stake: '100', cards })
    expect(kept(['JS', '2H', 'JD', '5C', '9S'])).toEqual({ move: 'hold', hold: [0, 2] })
    expect(kept(['2S', '3H', '4S', '5S', '6S'])).toEqual({ move: 'hold', hold: [0, 1, 2, 3, 4] })
    expect(kept(['2S', '3H', '4S', '5S', '9S'])).toEqual({ move: 'hold', hold: [] })
  })

  test('a hold of places that are none, or twice, is refused', () => {
    const { state } = game.play(choice, () => 0)
    for (const hold of [[5], [-1], [0, 0], ['0'], [0.5], '01', undefined, [0, 1, 2, 3, 4, 4], {}])
      expect(() => game.moves!.read(state!, { move: 'hold', hold }), JSON.stringify(hold)).toThrow(/places/)
    expect(() => game.moves!.read(state!, { move: 'stand' })).toThrow(/hold/)
  })
})
