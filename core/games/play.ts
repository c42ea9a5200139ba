import { type Command, type Currency, isCurrency, type Lane, type Tx } from '#base'
import * as ledger from '#ledger'
import * as rng from '#rng'
import { gameOf } from './catalogue.ts'
import { autoplayForbidden } from './errors.ts'
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

export type Games = {
  /** Plays a round, or begins one that waits for its player. */
  play(order: Order): Promise<{ round: RoundView; replayed: boolean }>
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
 * waiting for the player takes a transaction of its own.
 */
export function openGames(parts: Parts): Games {
  return {
    async play(order) {
      const game = gameOf(order.game)
      const rules = parts.rules()
      if (order.auto && !rules.autoplay) throw autoplayForbidden()
      const { wallet, id: session, playerId } = order.session
      const currency = currencyOf(order.session.currency)
      const choice = game.readChoice(order.choice, currency)
      const cap = await stakeCapOf(rules, game.kind, currency, () => parts.ageOf(playerId))
      const record = rng.record(parts.generator.stream())
      const played = game.play(choice, record.draws)
      const written = game.writeChoice(choice)
      const stake = game.stakeOf(choice)
      const bet = { wallet, session, stake, cap, choice: written, key: `round:${order.key}` }
      const payload = [game.id, written]
      const requestId = order.requestId ?? ''
      if (played.state !== undefined) {
        const command = { actor: { kind: 'player' as const, id: playerId }, now: parts.now(), requestId }
        const wanted = { ...bet, payload, currency, game, played, draws: record.taken }
        return await parts.transact((tx) => begin(tx, command, parts, wanted))
      }
      const settled = await parts.lanes.submit(wallet, {
        ...bet,
        payloadHash: ledger.payloadHash(payload),
        game: game.id,
        version: game.version,
        win: played.win,
        draws: JSON.stringify(record.taken),
        outcome: JSON.stringify(played.outcome),
        requestId,
      })
      const refusal = refusalOf(settled.code)
      if (refusal) throw refusal
      const replayed = settled.code === 'replayed'
      const { outcome } = settled
      if (outcome !== null)
        return { round: viewOf({ ...settled, outcome, round: null, status: 'settled', currency }), replayed }
      return { round: await parts.transact((tx) => roundBegunBy(tx, wallet, settled.transfer)), replayed }
    },
    move: (tx, command, wish) => move(tx, command, parts, wish),
  }
}

function currencyOf(code: string): Currency {
  if (!isCurrency(code)) throw new Error(`a wallet in ${code}`)
  return code
}
