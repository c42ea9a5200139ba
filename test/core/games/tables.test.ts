import { afterAll, describe, expect, test } from 'vitest'
import * as games from '#games'
import { everyDeal } from '../../../core/games/catalogue/baccarat/par.ts'
import { anchorOf, asPublished, everyNumberIsHeld, percentAsPublished } from './anchors.ts'
import { deck } from './deck.ts'

afterAll(everyNumberIsHeld)

const edgeOf = (rtp: games.Fraction) => games.fraction(rtp.d - rtp.n, rtp.d)
const fractionOf = (text: string) => {
  const [n = '', d = ''] = text.split('/')
  return games.fraction(BigInt(n), BigInt(d))
}
/** The return of one bet per unit, from the game as it plays: every pocket once. */
const returnOfBet = (game: games.Game, on: string) => {
  const wheel = game.sheet.wheel as number[]
  const choice = game.readChoice({ bets: [{ on, amount: '1.00' }] }, 'EUR')
  const won = wheel.map((_, place) => game.play(choice, () => place).win)
  return games.fraction(
    won.reduce((sum, win) => sum + win, 0n),
    100n * BigInt(wheel.length),
  )
}
const evenChances = ['red', 'black', 'odd', 'even', 'low', 'high']

describe('roulette', () => {
  const european = games.gameOf('roulette-european')
  const american = games.gameOf('roulette-american')
  const french = games.gameOf('roulette-french')
  const betsOf = (game: games.Game) => Object.keys(game.sheet.bets as object)

  test(`every bet of the European table returns 36/37, as every number is as likely [GLI-4.7.1a] [GLI-3.2.3a] (${anchorOf('roulette-european').title})`, () => {
    const { expected } = anchorOf('roulette-european')
    expect(betsOf(european)).toHaveLength(157)
    for (const on of betsOf(european)) {
      const edge = edgeOf(returnOfBet(european, on))
      expect(edge, on).toEqual(fractionOf(expected.fractions.houseEdge!))
      expect(percentAsPublished(edge, expected.percentages.houseEdge!)).toBe(expected.percentages.houseEdge)
    }
    expect(edgeOf(european.rtp)).toEqual(fractionOf(expected.fractions.houseEdge!))
  })

  test(`every bet of the American table but one returns 36/38, the basket 35/38 [GLI-4.7.1a] (${anchorOf('roulette-american-basket').title})`, () => {
    const all = anchorOf('roulette-american').expected
    const basket = anchorOf('roulette-american-basket').expected
    expect(betsOf(american)).toContain('basket:0-00-1-2-3')
    expect(betsOf(american)).toContain('split:0-00')
    for (const on of betsOf(american)) {
      const { fractions, percentages } = on.startsWith('basket') ? basket : all
      const edge = edgeOf(returnOfBet(american, on))
      expect(edge, on).toEqual(fractionOf(fractions.houseEdge!))
      expect(percentAsPublished(edge, percentages.houseEdge!)).toBe(percentages.houseEdge)
    }
  })

  test(`on the French table the even chances return 73/74, every other bet 36/37 [GLI-4.7.1a] (${anchorOf('roulette-french-even-money').title})`, () => {
    const { fractions, percentages } = anchorOf('roulette-french-even-money').expected
    for (const on of betsOf(french)) {
      const edge = edgeOf(returnOfBet(french, on))
      if (!evenChances.includes(on)) expect(edge, on).toEqual(games.fraction(1, 37))
      else {
        expect(edge, on).toEqual(fractionOf(fractions.houseEdge!))
        expect(percentAsPublished(edge, percentages.houseEdge!)).toBe(percentages.houseEdge)
      }
    }
    // Half of an odd number of the smallest coins is no coin.
    expect(() => french.readChoice({ bets: [{ on: 'red', amount: '1.01' }] }, 'EUR')).toThrow(/steps of 0.02/)
    expect(french.readChoice({ bets: [{ on: 'dozen:1', amount: '1.01' }] }, 'EUR')).toBeTruthy()
  })

  test.each([european, american, french])(
    '$id: the wheel has every number once, and a bet covers whole numbers of it',
    ({ sheet }) => {
      const wheel = sheet.wheel as number[]
      expect([...wheel].sort((a, b) => a - b)).toEqual(wheel.map((_, number) => number))
      const bets = Object.values(sheet.bets as Record<string, number[]>)
      for (const numbers of bets) for (const number of numbers) expect(wheel).toContain(number)
      expect(new Set(bets.map((numbers) => [...numbers].sort((a, b) => a - b).join())).size).toBe(bets.length)
    },
  )

  test('the spread of many chips at once is that of all the pockets', () => {
    const bets = [
      { on: 'red', amount: '2.00' },
      { on: 'straight:17', amount: '0.50' },
      { on: 'dozen:2', amount: '1.00' },
    ]
    for (const game of [european, american, french]) {
      const choice = game.readChoice({ bets }, 'EUR')
      const wins = (game.sheet.wheel as number[]).map((_, place) => Number(game.play(choice, () => place).win))
      const mean = wins.reduce((sum, win) => sum + win, 0) / wins.length
      const { mean: exact, variance } = game.spread!(choice)
      expect(games.toNumber(exact)).toBeCloseTo(mean, 9)
      expect(games.toNumber(variance)).toBeCloseTo(
        wins.reduce((sum, win) => sum + (win - mean) ** 2, 0) / wins.length,
        6,
      )
    }
  })
})

describe('baccarat', () => {
  const game = games.gameOf('baccarat')
  const anchor = anchorOf('baccarat-8-decks')
  type Tally = { player: number; banker: number; tie: number }
  const tally = (): Tally => ({ player: 0, banker: 0, tie: 0 })
  const all = tally()
  const byPlayerTotal = new Map<number, Tally>()
  let bankerWinsWithSix = 0
  everyDeal(8, ({ player, totals, result }, ways) => {
    all[result] += ways
    if (result === 'banker' && totals.banker === 6) bankerWinsWithSix += ways
    const first = (player[0]! + player[1]!) % 10
    const given = byPlayerTotal.get(first) ?? tally()
    given[result] += ways
    byPlayerTotal.set(first, given)
  })
  const total = all.player + all.banker + all.tie

  test(`the counts over all ordered deals of six cards are the published ones, to the last (${anchor.title})`, () => {
    const { integers, decimals } = anchor.expected
    expect({ ...all, total, bankerWinsWithSix }).toEqual(integers)
    expect(game.sheet.ways).toEqual(all)
    for (const [result, text] of [
      ['banker', decimals.pBanker!],
      ['player', decimals.pPlayer!],
      ['tie', decimals.pTie!],
    ] as const)
      expect(asPublished(games.fraction(all[result], total), text), result).toBe(text)
  })

  test(`the edges follow, at every published pay [GLI-4.7.1a] (${anchor.title})`, () => {
    const { percentages } = anchor.expected
    const [player, banker, tie] = [all.player, all.banker, all.tie].map(BigInt) as [bigint, bigint, bigint]
    const six = BigInt(bankerWinsWithSix)
    const net = {
      houseEdgeBanker: games.fraction(20n * player - 19n * banker, 20n * BigInt(total)),
      houseEdgePlayer: games.fraction(banker - player, total),
      houseEdgeTie8: games.fraction(player + banker - 8n * tie, total),
      houseEdgeTie9: games.fraction(player + banker - 9n * tie, total),
      houseEdgeBankerHalfPayOnSix: games.fraction(2n * player - 2n * banker + six, 2n * BigInt(total)),
    }
    for (const [name, edge] of Object.entries(net))
      expect(percentAsPublished(edge, percentages[name]!), name).toBe(percentages[name])
    const shipped = { banker: net.houseEdgeBanker, player: net.houseEdgePlayer, tie: net.houseEdgeTie8 }
    for (const [on, edge] of Object.entries(shipped)) {
      const { mean } = game.spread!(game.readChoice({ bets: [{ on, amount: '1.00' }] }, 'EUR'))
      expect(games.fraction(mean.n, mean.d * 100n), on).toEqual(games.fraction(edge.d - edge.n, edge.d))
    }
    expect(game.rtp).toEqual(games.fraction(net.houseEdgeBanker.d - net.houseEdgeBanker.n, net.houseEdgeBanker.d))
  })

  test('after two cards of the player the chances are the published ones (wizardofodds.com games/baccarat/appendix/3)', () => {
    const shares = (first: number) => {
      const { player, banker, tie } = byPlayerTotal.get(first)!
      return [player, banker, tie].map((ways) => asPublished(games.fraction(ways, player + banker + tie), '.000000'))
    }
    expect(shares(0)).toEqual(['0.278792', '0.654627', '0.066581'])
    expect(shares(9)).toEqual(['0.905475', '0.000000', '0.094525'])
  })

  /** The cards that come, by rank, in the order of the deal: player, banker, player, banker, then the third cards. */
  const dealt = (ranks: string, bets = [{ on: 'banker', amount: '1.00' }]) => {
    const { draws, left } = deck(8, ranks)
    const { outcome, win } = game.play(game.readChoice({ bets }, 'EUR'), draws)
    expect(left(), ranks).toBe(0) // no card was left over, and the deck refuses one too many
    return { ...(outcome as { result: string; player: { total: number }; banker: { total: number } }), win }
  }

  test('third cards come by the tableau and by nothing else', () => {
    expect(dealt('9A9A')).toMatchObject({ player: { total: 8 }, banker: { total: 2 }, result: 'player' }) // a natural ends it
    expect(dealt('2346')).toMatchObject({ player: { total: 6 }, banker: { total: 9 }, result: 'banker' })
    expect(dealt('3K3K5')).toMatchObject({ player: { total: 6 }, banker: { total: 5 } }) // the player stood, the banker on 0 draws
    // The banker on 3 to 6, by the player's third card, where the player has 0 and draws.
    const drawsOn = { 3: 'A2345679TK', 4: '234567', 5: '4567', 6: '67', 7: '' }
    for (const [total, drawn] of Object.entries(drawsOn))
      for (const third of 'A23456789TK') dealt(`K${total}QT${third}${drawn.includes(third) ? 'K' : ''}`)
  })

  test('a win on the banker pays 19 to 20 in whole coins, a tie gives hands their stakes back and pays 8 to 1', () => {
    const bets = [
      { on: 'player', amount: '0.21' },
      { on: 'banker', amount: '1.20' },
      { on: 'tie', amount: '0.33' },
    ]
    expect(dealt('2346', bets).win).toBe(234n)
    expect(dealt('9A9A', bets).win).toBe(42n)
    expect(dealt('9K9K', bets).win + dealt('KKKKKK', bets).win).toBe(42n + 21n + 120n + 9n * 33n)
    expect(() => game.readChoice({ bets: [{ on: 'banker', amount: '1.10' }] }, 'EUR')).toThrow(/steps of 0.20/)
  })
})
