import { afterAll, describe, expect, test } from 'vitest'
import * as games from '#games'
import { spreadOf } from '../../../core/games/spread.ts'
import { anchorOf, everyNumberIsHeld, percentAsPublished, rootAsPublished } from './anchors.ts'

afterAll(everyNumberIsHeld)

/** Published numbers of games that are not in the catalogue: the arithmetic they share with those that are, held to more of it. */
const same = (fraction: games.Fraction, text: string) => {
  const [n = '', d = ''] = text.split('/')
  expect(fraction).toEqual(games.fraction(BigInt(n), BigInt(d)))
}
const lost = (weighted: Iterable<readonly [weight: bigint, net: bigint]>) => {
  const { mean } = spreadOf(weighted)
  return games.fraction(-mean.n, mean.d)
}
const dice = [1, 2, 3, 4, 5, 6]

test(`craps: the pass line, alone and with full odds (${anchorOf('craps-pass').title})`, () => {
  const { parameters, expected } = anchorOf('craps-pass')
  const ways = (total: number) => BigInt(dice.flatMap((one) => dice.filter((other) => one + other === total)).length)
  const odds = parameters.odds345 as Record<string, number>
  // Of 36 * 9 * 10 * 11 * 2 equally likely ways a point is made in whole numbers.
  const measure = 36n * 990n
  const weighted: Array<[weight: bigint, net: bigint, oddsNet: bigint]> = []
  let staked = 0n
  for (let total = 2; total <= 12; total++) {
    const all = ways(total) * 990n
    const natural = total === 7 || total === 11
    if (natural || [2, 3, 12].includes(total)) {
      weighted.push([all, natural ? 1n : -1n, 0n])
      staked += all
      continue
    }
    const made = (all * ways(total)) / (ways(total) + 6n)
    const taken = BigInt(odds[total]!)
    const paid = (taken * 6n) / ways(total) // true odds, whole for these
    weighted.push([made, 1n, paid], [all - made, -1n, -taken])
    staked += all * (1n + taken)
  }
  expect(weighted.reduce((sum, [weight]) => sum + weight, 0n)).toBe(measure)
  const won = weighted.reduce((sum, [weight, net]) => (net > 0n ? sum + weight : sum), 0n)
  same(games.fraction(won, measure), expected.fractions.pWin!)
  const edge = lost(weighted.map(([weight, net]) => [weight, net]))
  same(edge, expected.fractions.houseEdge!)
  expect(percentAsPublished(edge, expected.percentages.houseEdge!)).toBe(expected.percentages.houseEdge)
  same(lost(weighted.map(([weight, , net]) => [weight, net])), expected.fractions.houseEdgeOdds!)
  const full = lost(weighted.map(([weight, net, oddsNet]) => [weight, net + oddsNet]))
  const ofAll = games.fraction(full.n * measure, full.d * staked)
  same(ofAll, expected.fractions.houseEdgeWithFull345Odds!)
  expect(percentAsPublished(ofAll, expected.percentages.houseEdgeWithFull345Odds!)).toBe(
    expected.percentages.houseEdgeWithFull345Odds,
  )
})

test(`sic bo: every kind of bet over the 216 throws (${anchorOf('sic-bo').title})`, () => {
  const { expected } = anchorOf('sic-bo')
  const throws = dice.flatMap((a) => dice.flatMap((b) => dice.map((c) => [a, b, c])))
  const sum = (thrown: number[]) => thrown.reduce((all, each) => all + each, 0)
  const triple = ([a, b, c]: number[]) => a === b && b === c
  const bets: Record<string, (thrown: number[]) => number> = {
    SmallBig: (thrown) => (!triple(thrown) && sum(thrown) <= 10 ? 1 : -1),
    AnyTriple: (thrown) => (triple(thrown) ? 30 : -1),
    NamedTriple: (thrown) => (triple(thrown) && thrown[0] === 4 ? 180 : -1),
    TwoNamedDice: (thrown) => (thrown.includes(2) && thrown.includes(5) ? 5 : -1),
    SingleNumber: (thrown) => thrown.filter((each) => each === 3).length || -1,
  }
  for (const [name, pays] of Object.entries(bets)) {
    const edge = lost(throws.map((thrown) => [1n, BigInt(pays(thrown))]))
    same(edge, expected.fractions[`houseEdge${name}`]!)
    const text = expected.percentages[`houseEdge${name}`]!
    expect(percentAsPublished(edge, text), name).toBe(text)
  }
})

const choose = (n: number, k: number): bigint => (k === 0 ? 1n : (choose(n - 1, k - 1) * BigInt(n)) / BigInt(k))

test.each([2, 3, 4, 5, 6, 7, 8, 9, 10])('keno 80/20, %d numbers (hypergeometric distribution)', (picks) => {
  const { parameters, expected } = anchorOf(`keno-american-${picks}`)
  const pays = parameters.paysByHits as number[]
  const { mean } = spreadOf(pays.map((pay, hits) => [choose(picks, hits) * choose(80 - picks, 20 - hits), BigInt(pay)]))
  same(mean, expected.fractions.rtp!)
  expect(percentAsPublished(mean, expected.percentages.rtp!)).toBe(expected.percentages.rtp)
})

describe('three card poker', () => {
  const classes = ['highCard', 'pair', 'flush', 'straight', 'threeOfAKind', 'straightFlush'] as const
  /** Of three cards, 0 to 51, a number that is higher for a better hand; its class is the highest digit. Ranks 2 for a two to 14 for an ace. */
  const strengthOf = (cards: readonly number[]): number => {
    const ranks = cards.map((card) => (card >> 2) + 2).sort((one, other) => other - one)
    const [high, middle, low] = ranks as [number, number, number]
    const suited = cards.every((card) => card % 4 === cards[0]! % 4)
    const wheel = high === 14 && middle === 3 && low === 2
    const straight = wheel || (high === middle + 1 && middle === low + 1)
    const number = (name: (typeof classes)[number], ...order: number[]) =>
      order.reduce((sum, rank) => sum * 16 + rank, classes.indexOf(name)) * 16 ** (3 - order.length)
    if (straight) return number(suited ? 'straightFlush' : 'straight', wheel ? 3 : high)
    if (suited) return number('flush', high, middle, low)
    if (high === low) return number('threeOfAKind', high)
    if (high === middle || middle === low) return number('pair', middle, high === middle ? low : high)
    return number('highCard', high, middle, low)
  }
  const classOf = (strength: number) => classes[Math.floor(strength / 16 ** 3)]!
  const hands: Array<{ cards: number[]; strength: number }> = []
  for (let a = 0; a < 52; a++)
    for (let b = a + 1; b < 52; b++)
      for (let c = b + 1; c < 52; c++) hands.push({ cards: [a, b, c], strength: strengthOf([a, b, c]) })

  const anchor = anchorOf('three-card-poker-ante-play')
  test(`hands come as often as published, and ante and play lose as much, over all 407,170,400 deals (${anchor.title})`, () => {
    const { integers, percentages, decimals } = anchor.expected
    const counts = Object.fromEntries(
      classes.map((name) => [name, hands.filter(({ strength }) => classOf(strength) === name).length]),
    )
    for (const name of classes) expect(counts[name], name).toBe(integers[name])
    expect(hands).toHaveLength(integers.hands!)

    const [queenHigh, queenSixFour] = [12 * 256, 12 * 256 + 6 * 16 + 4]
    const bonus: Record<string, number> = anchor.parameters.anteBonus as Record<string, number>
    const masks = hands.map(({ cards }) => cards.reduce((mask, card) => mask | (1n << BigInt(card)), 0n))
    const [low, high] = [masks.map((mask) => Number(mask & 0x3ffffffn)), masks.map((mask) => Number(mask >> 26n))]
    // Hands that differ by the names of suits alone fare alike.
    const alike = new Map<string, { index: number; count: number }>()
    hands.forEach(({ cards }, index) => {
      const suits = [0, 1, 2, 3].map((suit) =>
        cards
          .filter((card) => card % 4 === suit)
          .map((card) => card >> 2)
          .join('.'),
      )
      const name = suits.sort().join('/')
      const known = alike.get(name)
      if (known) known.count++
      else alike.set(name, { index, count: 1 })
    })
    const nets = new Map<number, number>()
    let played = 0
    const tally = (net: number, count: number) => nets.set(net, (nets.get(net) ?? 0) + count)
    for (const { index, count } of alike.values()) {
      const { strength } = hands[index]!
      const extra = bonus[classOf(strength)] ?? 0
      if (strength < queenSixFour) {
        tally(-1, count * 18_424)
        continue
      }
      played += count * 18_424
      let [unqualified, won, tied, lostTo] = [0, 0, 0, 0]
      for (let other = 0; other < hands.length; other++) {
        if (low[index]! & low[other]! || high[index]! & high[other]!) continue
        const dealer = hands[other]!.strength
        if (dealer < queenHigh) unqualified++
        else if (dealer < strength) won++
        else if (dealer === strength) tied++
        else lostTo++
      }
      tally(1 + extra, unqualified * count)
      tally(2 + extra, won * count)
      tally(extra, tied * count)
      tally(-2 + extra, lostTo * count)
    }
    const weighted = [...nets].map(([net, count]) => [BigInt(count), BigInt(net)] as const)
    const deals = weighted.reduce((sum, [count]) => sum + count, 0n)
    expect(deals).toBe(BigInt(integers.deals!))
    expect(weighted.reduce((sum, [count, net]) => sum + count * net, 0n)).toBe(BigInt(integers.net!))
    expect(percentAsPublished(lost(weighted), percentages.houseEdge!)).toBe(percentages.houseEdge)
    const risk = games.fraction(-integers.net!, deals + BigInt(played))
    expect(percentAsPublished(risk, percentages.elementOfRisk!)).toBe(percentages.elementOfRisk)
    expect(rootAsPublished(spreadOf(weighted).variance, decimals.sd!)).toBe(decimals.sd)
  })

  test.each([
    '40-30-6-4-1',
    '35-33-6-4-1',
    '40-25-6-4-1',
    '35-25-6-4-1',
    '50-30-6-3-1',
    '40-30-5-4-1',
    '40-25-5-4-1',
    '40-30-6-3-1',
  ])('pair plus %s (wizardofodds.com)', (table) => {
    const { parameters, expected } = anchorOf(`three-card-poker-pair-plus-${table}`)
    const pays = parameters.pays as Record<string, number>
    const weighted = hands.map(({ strength }) => [1n, BigInt(pays[classOf(strength)] ?? -1)] as const)
    expect(weighted).toHaveLength(expected.integers.hands!)
    expect(weighted.reduce((sum, [, net]) => sum + net, 0n)).toBe(BigInt(expected.integers.net!))
    expect(percentAsPublished(lost(weighted), expected.percentages.houseEdge!)).toBe(expected.percentages.houseEdge)
    expect(rootAsPublished(spreadOf(weighted).variance, expected.decimals.sd!)).toBe(expected.decimals.sd)
  })
})
