import { type Command, type Currency, isCurrency, type Lane, type Tx } from '#base'
import type { KeyedCommand } from '#keys'
import * as ledger from '#ledger'
import * as rng from '#rng'
import { gameOf } from './catalogue.ts'
import { autoplayForbidden } from './errors.ts'
import { type Holder, renewSeeds, type SeedsView, takeSeeds } from './fairness/seeds.ts'
import { fairStream } from './fairness/stream.ts'
import { type FreePlay, openFreePlay } from './free-play.ts'
import { refusalOf } from './judge.ts'
import { stakeCapOf } from './policy.ts'
import { begin, roundBegunBy } from './rounds/begin.ts'
import { move, type Wish } from './rounds/move.ts'
import type { RoundParts } from './rounds/parts.ts'
import { type RoundView, viewOf } from './rounds/view.ts'
import type { Bet, Settled } from './settle.ts'

export type Order = {
  session: { id: string; wallet: bigint; currency: string; playerId: string }
  game: string
  choice: unknown
  key: string
  /** The page began this round, and not the player. */
  auto?: boolean
  requestId?: string
}

type Played = { round: RoundView; replayed: boolean }

export type Games = {
  /** Plays a round, or begins one that waits for its player. */
  play(order: Order): Promise<Played>
  /** The same with numbers that follow from the seeds the player and the house agreed on. @throws Refusal also `games.not_fair` */
  playFair(order: Order): Promise<Played>
  /** Commits to a new seed for the player's fair rounds of a game (`renewSeeds`). */
  renewSeeds(tx: Tx, command: KeyedCommand, holder: Holder & { clientSeed: string }): Promise<SeedsView>
  /** Play without money, by the same numbers. */
  free(): Promise<FreePlay>
  /** Makes a move in one that waits, in the caller's transaction (`move` of the rounds). */
  move(tx: Tx, command: Command, wish: Wish): Promise<RoundView>
}

type Parts = RoundParts & {
  lanes: Lane<Bet, Settled>
  now(): Date
  transact<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}

/**
 * The hot path. The outcome is drawn and computed before the bet enters its lane, and counts only if the transaction that
 * takes the stake commits; a bet that is refused leaves its draws unused and unseen, whatever they were. A round that this leaves
 * waiting for the player takes a transaction of its own, and so does one by seeds: its number is used up by it, or not at all.
 */
export function openGames(parts: Parts): Games {
  return {
    async play(order) {
      const asked = await read(order)
      const { game, choice, bet, payload } = asked
      await parts.generator.ready()
      const record = rng.record(parts.generator.stream())
      const played = game.play(choice, record.draws)
      if (played.state !== undefined)
        return parts.transact((tx) =>
          begin(tx, asked.command, parts, { ...asked.beginning, played, draws: record.taken }),
        )
      const settled = await parts.lanes.submit(bet.wallet, {
        ...bet,
        payloadHash: ledger.payloadHash(payload),
        game: game.id,
        version: game.version,
        win: played.win,
        draws: JSON.stringify(record.taken),
        outcome: JSON.stringify(played.outcome),
        requestId: asked.command.requestId,
      })
      const refusal = refusalOf(settled.code)
      if (refusal) throw refusal
      const replayed = settled.code === 'replayed'
      const { outcome } = settled
      if (outcome === null)
        return { round: await parts.transact((tx) => roundBegunBy(tx, bet.wallet, settled.transfer)), replayed }
      const row = { ...settled, outcome, round: null, status: 'settled' as const, currency: asked.beginning.currency }
      return { round: viewOf(row), replayed }
    },
    async playFair(order) {
      const { game, choice, bet, command, beginning } = await read(order)
      const holder = { wallet: bet.wallet, player: order.session.playerId, game: game.id }
      return parts.transact(async (tx) => {
        const seeds = await takeSeeds(tx, parts.keys, holder)
        const record = rng.record(fairStream(seeds))
        const played = game.play(choice, record.draws)
        return begin(tx, command, parts, { ...beginning, played, draws: record.taken, seeds })
      })
    },
    renewSeeds: (tx, command, holder) => renewSeeds(tx, command, parts.generator, holder),
    async free() {
      const key = await parts.keys.mac('hk-pepper', Buffer.from('countroom: places of free rounds'))
      await parts.generator.ready()
      return openFreePlay({ ...parts, key })
    },
    move: (tx, command, wish) => move(tx, command, parts, wish),
  }

  /** What was asked for, as the game and the licence read it. */
  async function read({ session: { id: session, wallet, playerId, ...their }, ...order }: Order) {
    const game = gameOf(order.game)
    const rules = parts.rules()
    if (order.auto && !rules.autoplay) throw autoplayForbidden()
    const currency = currencyOf(their.currency)
    const choice = game.readChoice(order.choice, currency)
    const cap = await stakeCapOf(rules, game.kind, currency, () => parts.ageOf(playerId))
    const written = game.writeChoice(choice)
    const payload = [game.id, written]
    const bet = { wallet, session, stake: game.stakeOf(choice), cap, choice: written, key: `round:${order.key}` }
    const actor = { kind: 'player' as const, id: playerId }
    const command: Command = { actor, now: parts.now(), requestId: order.requestId ?? '' }
    return { game, choice, payload, bet, command, beginning: { ...bet, payload, currency, game } }
  }
}

function currencyOf(code: string): Currency {
  if (!isCurrency(code)) throw new Error(`a wallet in ${code}`)
  return code
}
