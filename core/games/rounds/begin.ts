import type { Command, Currency, Reader, Tx } from '#base'
import * as ledger from '#ledger'
import type * as rng from '#rng'
import { roundUnknown } from '../errors.ts'
import { noteFair } from '../fairness/seeds.ts'
import type { Game, Played } from '../game.ts'
import { type Asked, admit } from '../judge.ts'
import { settledAs, voidedAs } from './history.ts'
import { goOn } from './move.ts'
import type { RoundParts } from './parts.ts'
import { openRows, stepsOf, type viewOfOpen, viewOfStep } from './step.ts'
import { type RoundView, viewOf } from './view.ts'

/** A round whose first step is drawn: it waits for its player, or is over with it. */
export type Beginning = Omit<Asked, 'game' | 'version'> & {
  currency: Currency
  /** Of the bet, and what must be the same on its repeat. */
  key: string
  payload: unknown
  game: Game
  choice: string
  played: Played
  draws: readonly rng.Draw[]
  /** Of a provably fair round. */
  seeds?: { seed: string; nonce: bigint }
}

/**
 * Begins a round in a transaction: the stake is held, what happened and what is hidden is kept, in the caller's
 * transaction. A repeat of the key gets the first step as it was answered then.
 *
 * @throws Refusal what the judge says, `ledger.insufficient_funds`, `base.key_reused`
 */
export async function begin(
  tx: Tx,
  command: Command,
  parts: RoundParts,
  wanted: Beginning,
): Promise<{ round: RoundView; replayed: boolean }> {
  const { wallet, stake, key, payload, game, choice, currency, session, played, draws, seeds } = wanted
  const order = { wallet, hold: key, amount: stake, kind: 'round.held', once: { key, payload } }
  const booked = await ledger.hold(tx, command, order)
  if (booked.replayed) return { round: await roundBegunBy(tx, wallet, booked.transfer), replayed: true }
  await admit(tx, command.now, parts.rules().pace, { ...wanted, game: game.id, version: game.version })

  if (seeds) await noteFair(tx, { wallet, round: booked.transfer, ...seeds })

  const round = {
    ...{ wallet, round: booked.transfer, game: game.id, version: game.version, session, choice, currency },
    ...{ stake, holds: [key], state: '', draws: '[]', steps: '[]', begunAt: command.now, at: command.now },
  }
  const taken = { game, played, draws, stake, holds: round.holds }
  return { round: await goOn(tx, command, parts, round, taken), replayed: false }
}

/** What the bet that a transfer booked was answered, whatever became of the round since. */
export async function roundBegunBy(reader: Reader, wallet: bigint, transfer: bigint): Promise<RoundView> {
  const [[open], [settled], [voided]] = await Promise.all([
    reader<Array<Parameters<typeof viewOfOpen>[0]>>`
      ${openRows(reader)} where r.wallet = ${wallet} and r.round = ${transfer}`,
    settledAs(reader, reader`r.wallet = ${wallet} and (r.round = ${transfer} or r.transfer = ${transfer})`, 1),
    voidedAs(reader, reader`r.wallet = ${wallet} and r.round = ${transfer}`, 1),
  ])
  if (open) return viewOfStep(open, stepsOf(open)[0]!, 1)
  const over = settled ?? voided
  if (!over) throw roundUnknown()
  const first = over.steps === null ? undefined : stepsOf({ steps: over.steps })[0]!
  return first && first.moves.length > 0 ? viewOfStep({ ...over, round: transfer }, first, 1) : viewOf(over)
}
