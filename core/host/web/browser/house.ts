import { get, send } from './api.ts'
import { make } from './elements.ts'
import { type Money, minorOf, moneyOf } from './money.ts'
import type { Round } from './scene.ts'
import { openSeeds } from './seeds.ts'
import { refresh, showBalance } from './shell.ts'
import { forgetBet, latestRounds, noteBet, unfinishedBet } from './unfinished.ts'

type Choice = Record<string, unknown>

/** Where the rounds of a page come from: the house, for money, or the same games without any. */
export type House = {
  /** Money of this page: its currency and decimals. */
  readonly example: Money
  /** The rounds of this game that were played last, newest first. */
  readonly latest: readonly Round[]
  /** A round that waits for the player. */
  readonly waiting?: Round | undefined
  /** What stands beside the title. */
  readonly tools: readonly HTMLElement[]
  play(choice: Choice): Promise<Round>
  move(round: Round, move: Choice): Promise<Round>
  /** A round was shown, or was not to be had. */
  ended(): Promise<void>
  /** What became of a bet that an earlier page did not hear of; `null`: nothing was staked. */
  unfinished(): Round | null | undefined
}

/** Rounds that are booked. What a bet takes is seen at once, what it wins when it was shown. */
export async function openHouse(game: string): Promise<House> {
  const [me, latest, open, seeds] = await Promise.all([
    get<{ balance: { cash: Money } }>('/api/me'),
    latestRounds<Round>(game),
    get<{ rounds: Round[] }>('/api/rounds/open'),
    openSeeds(game),
  ])
  const example = me.balance.cash
  let newest = latest.newest
  return {
    example,
    latest: latest.rounds.filter(({ status }) => status === 'settled'),
    waiting: open.rounds.find((round) => round.game === game),
    tools: [seeds.button],
    async play(choice) {
      noteBet(game, newest)
      const fair = seeds.fair
      const round = await ask(`/api/games/${game}/${fair ? 'fair-rounds' : 'rounds'}`, choice)
      if (fair) seeds.played()
      return round
    },
    move: ({ round, step }, move) => ask(`/api/rounds/${round}/moves`, { step, move }),
    async ended() {
      forgetBet()
      await refresh().catch(() => {})
    },
    unfinished: () => unfinishedBet(game, latest),
  }

  async function ask(path: string, what: Choice): Promise<Round> {
    const round = await send<Round>(path, what)
    newest = round.round
    showBalance(moneyOf(minorOf(round.balance!.cash) - minorOf(round.win), example))
    return round
  }
}

/** Rounds without money: nothing is booked and nothing kept; what waits for the player, this page alone remembers. */
export function openWithoutMoney(game: string, example: Money): House {
  let place: string | undefined
  let rounds = 0
  return {
    example,
    latest: [],
    tools: [make('strong', { class: 'without-money' }, 'Without money')],
    play(choice) {
      rounds++
      return ask(`/api/games/${game}/free-rounds`, choice)
    },
    move: (_, move) => ask('/api/free-rounds/moves', { place, move }),
    ended: async () => {},
    unfinished: () => undefined,
  }

  async function ask(path: string, what: Choice): Promise<Round> {
    const round = await send<Omit<Round, 'round'> & { place?: string }>(path, what)
    place = round.place
    return { ...round, round: `without-money-${rounds}` }
  }
}
