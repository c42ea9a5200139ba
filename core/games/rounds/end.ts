import * as audit from '#audit'
import type { Command, Tx } from '#base'
import * as ledger from '#ledger'
import type { Played } from '../game.ts'
import { noteIfLarge } from '../large.ts'
import type { PlayRules } from '../play-rules.ts'
import { type OpenRound, stepsOf } from './step.ts'
import { nameOf, type RoundView, viewOf } from './view.ts'

/** Ends a round: what was held becomes the house's, the win the player's, and the round a row, all at once. */
export async function settleRound(
  tx: Tx,
  command: Command,
  { large }: Pick<PlayRules, 'large'>,
  round: OpenRound,
  { outcome, win }: Pick<Played, 'outcome' | 'win'>,
): Promise<RoundView> {
  const booked = await ledger.settle(tx, command, {
    ...bookingOf(round),
    ...{ key: `round.settled:${round.round}`, kind: 'round', to: 'games.revenue', back: win },
  })
  const written = JSON.stringify(outcome)
  await tx`
    insert into games.rounds
      (wallet, transfer, session, game, version, stake, win, choice, draws, outcome, cash, bonus, held, at, round, begun_at, steps)
    values (${round.wallet}, ${booked.transfer}, ${round.session}, ${round.game}, ${round.version}, ${round.stake}, ${win}, ${round.choice},
      ${round.draws}, ${written}, ${booked.cash}, ${booked.bonus}, ${booked.held}, ${command.now}, ${round.round}, ${round.begunAt}, ${round.steps})`
  await close(tx, round)
  await noteIfLarge(tx, command, large, { ...round, round: nameOf(round.round), win })
  return viewOf({ ...round, ...after(booked), status: 'settled', win, outcome: written, at: command.now })
}

/**
 * Voids a round that cannot be continued: every stake goes back, and the log tells why [GLI-A.6.4a] [GLI-A.6.4b] [GLI-A.6.4c]. It is no
 * game played, so it stands apart from those.
 */
export async function voidRound(tx: Tx, command: Command, round: OpenRound, reason: string): Promise<RoundView> {
  const booked = await ledger.giveBack(tx, command, {
    ...bookingOf(round),
    ...{ key: `round.voided:${round.round}`, kind: 'round.voided' },
  })
  await tx`
    insert into games.voided_rounds
      (wallet, transfer, round, session, game, version, stake, choice, draws, steps, reason, begun_at, at, cash, bonus, held)
    values (${round.wallet}, ${booked.transfer}, ${round.round}, ${round.session}, ${round.game}, ${round.version}, ${round.stake},
      ${round.choice}, ${round.draws}, ${round.steps}, ${reason}, ${round.begunAt}, ${command.now}, ${booked.cash}, ${booked.bonus}, ${booked.held})`
  await close(tx, round)
  const { player } = await ledger.ownerOf(tx, round.wallet)
  await audit.record(tx, command, {
    action: 'games.round_voided',
    subject: nameOf(round.round),
    player,
    reason,
    detail: { player, currency: round.currency, stake: round.stake, game: round.game, version: round.version },
  })
  const outcome = JSON.stringify(stepsOf(round).at(-1)?.outcome ?? {})
  return viewOf({ ...round, ...after(booked), status: 'voided', win: 0n, outcome, at: command.now })
}

function bookingOf({ wallet, holds, round }: OpenRound) {
  return { wallet, holds, reference: nameOf(round) }
}

function after({ transfer, cash, bonus, held }: ledger.Booked) {
  return { transfer, cash, bonus, held }
}

async function close(tx: Tx, { wallet, game }: OpenRound): Promise<void> {
  await tx`delete from games.open_rounds where wallet = ${wallet} and game = ${game}`
}
