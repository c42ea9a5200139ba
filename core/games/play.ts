import { type Currency, isCurrency, type Lane, type Refusal } from '#base'
import * as ledger from '#ledger'
import * as protection from '#protection'
import * as rng from '#rng'
import * as sessions from '#sessions'
import { gameOf } from './catalogue.ts'
import { gameClosed } from './errors.ts'
import { type RoundView, viewOf } from './round.ts'
import type { Bet, Settled } from './settle.ts'

export type Order = {
  session: { id: string; wallet: bigint; currency: string }
  game: string
  choice: unknown
  key: string
  requestId?: string
}

export type Games = { play(order: Order): Promise<{ round: RoundView; replayed: boolean }> }

/**
 * The hot path. The outcome is drawn and computed before the bet enters its lane, and counts only if the transaction that
 * takes the stake commits; a bet that is refused leaves its draws unused and unseen, whatever they were.
 */
export function openGames(parts: { lanes: Lane<Bet, Settled>; generator: rng.Generator }): Games {
  return {
    async play(order) {
      const game = gameOf(order.game)
      const currency = order.session.currency
      const choice = game.readChoice(order.choice, currencyOf(currency))
      const record = rng.record(parts.generator.stream())
      const { outcome, win } = game.play(choice, record.draws)
      const written = game.writeChoice(choice)
      const settled = await parts.lanes.submit(order.session.wallet, {
        wallet: order.session.wallet,
        key: `round:${order.key}`,
        payloadHash: ledger.payloadHash([game.id, written]),
        session: order.session.id,
        game: game.id,
        version: game.version,
        stake: game.stakeOf(choice),
        win,
        choice: written,
        draws: JSON.stringify(record.taken),
        outcome: JSON.stringify(outcome),
        requestId: order.requestId ?? '',
      })
      const refusal = refusalOf(settled.code)
      if (refusal) throw refusal
      return { round: viewOf({ ...settled, currency: currencyOf(currency) }), replayed: settled.code === 'replayed' }
    },
  }
}

function refusalOf(code: string): Refusal | undefined {
  if (code === 'cool_off' || code === 'self_exclusion') return protection.refusalOfBar(code)
  if (code === 'session_ended') return sessions.sessionEnded()
  if (code === 'game_closed') return gameClosed()
  return ledger.refusalOf(code)
}

function currencyOf(code: string): Currency {
  if (!isCurrency(code)) throw new Error(`a wallet in ${code}`)
  return code
}
