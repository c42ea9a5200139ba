import { expect, test } from 'vitest'
import * as games from '#games'
import { bets, figures } from './bets.ts'
import { deck } from './deck.ts'

const game = games.gameOf('blackjack')
const ranks = [...'A23456789T']

/** What insuring 1.00 for 0.50 brought where the dealer shows an ace; whatever is left to do, the player stands. */
function insured(cards: string): bigint {
  const dealt = deck(6, cards)
  const draws = (range: number) => (dealt.left() > 0 ? dealt.draws(range, 'card') : 0)
  let step = game.play(game.readChoice({ stake: '1.00' }, 'EUR'), draws)
  for (let move = 'insurance'; step.state; move = 'stand') {
    const { read, stakeOf, make } = game.moves!
    const wanted = read(step.state, { move })
    if (move === 'insurance') expect(stakeOf(step.state, wanted)).toBe(50n)
    step = make(step.state, wanted, draws)
  }
  return BigInt((step.outcome as { insuranceWin: string }).insuranceWin)
}

test('insurance returns what the sheet has, played over every two cards of the player and every second of the dealer [GLI-4.7.1a]', () => {
  const left = new Map(ranks.map((rank) => [rank, 6 * (rank === 'T' ? 16 : 4)]))
  const sums = [0, 1, 2].map(() => ({ won: 0n, ways: 0n }))
  const take = (rank: string) => {
    const there = left.get(rank)!
    left.set(rank, there - 1)
    return BigInt(there)
  }
  const put = (...taken: string[]) => {
    for (const rank of taken) left.set(rank, left.get(rank)! + 1)
  }
  take('A')
  for (const first of ranks)
    for (const second of ranks)
      for (const hole of ranks) {
        const ways = take(first) * take(second) * take(hole)
        put(first, second, hole)
        const sum = sums[[first, second].filter((rank) => rank === 'T').length]!
        sum.won += ways * insured(`${first}A${second}${hole}`)
        sum.ways += ways
      }
  const rtps = bets.find(([id]) => id === 'blackjack')![1].map(({ returns }) => figures(returns).rtp)
  const rtpOf = (won: bigint, ways: bigint) => games.fraction(won, ways * 50n)
  const all = [sums.reduce((sum, { won }) => sum + won, 0n), sums.reduce((sum, { ways }) => sum + ways, 0n)] as const
  expect(rtps).toEqual([rtpOf(...all), ...sums.map(({ won, ways }) => rtpOf(won, ways))])
  expect(all[1]).toBe(311n * 310n * 309n)
  expect(rtps[0]).toEqual(games.fraction(288, 311))
  expect(rtps[3]).toEqual(games.fraction(282, 309))
})
