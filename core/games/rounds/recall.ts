import { type Currency, type Reader, showMoney, type WireMoney } from '#base'
import * as rng from '#rng'
import { catalogue, gameOf } from '../catalogue.ts'
import { roundUnknown } from '../errors.ts'
import type { Game, Played } from '../game.ts'
import { type PastRound, settledAs, voidedAs } from './history.ts'
import { type Shares, sharesOf } from './shares.ts'
import { cashBefore, type OpenRound, openRows, type Step, stepsOf, viewOfOpen } from './step.ts'
import { numberOf, type RoundView, viewOf } from './view.ts'

/** One step as it is recalled. */
type RecalledStep = {
  at: string
  move: unknown
  by: 'player' | 'platform'
  stake: WireMoney
  outcome: Record<string, unknown>
}

/**
 * What of stake and win was incentive or jackpot money, as the books say, null where that month of them is archived; and what else GLI-19 2.8.2
 * asks for. Nothing is bought in a round but its stake, no rake or fee is taken besides, and the house gives no advice.
 */
type Parts = Record<keyof Shares, WireMoney | null> & {
  jackpotAwarded: boolean | null
  purchases: WireMoney
  fees: WireMoney
  advice: readonly string[]
}

/** Every item of GLI-19 2.8.2 but the player and where they were, whom the caller knows. */
export type Recall = RoundView & {
  choice: unknown
  /** None while the round is open: they hold what is not to be seen yet. */
  draws: rng.Draw[]
  steps: RecalledStep[]
  begunAt: string
  session: string
  name: string
  kind: Game['kind'] | null
  /** The least that can be staked more or less: the minor unit of the currency [GLI-2.8.2b]. */
  denomination: WireMoney
  balanceBefore: WireMoney
  parts: Parts
  /** The recorded draws, through the recorded version of the mathematics, give the recorded outcome. */
  replay: 'identical' | 'different' | 'version_not_here' | 'open'
}

/**
 * A round again, in full, replayed from its recorded draws.
 *
 * @throws Refusal `games.round_unknown`, also for somebody else's
 */
export async function recall(reader: Reader, wallet: bigint, name: string): Promise<Recall> {
  const number = numberOf(name)
  const [open] = await reader<OpenRound[]>`${openRows(reader)} where r.wallet = ${wallet} and r.round = ${number}`
  if (open) return recallOpen(open)
  const row = await pastRound(reader, wallet, number)
  const steps = row.steps === null ? [] : stepsOf({ steps: row.steps })
  const draws = JSON.parse(row.draws) as rng.Draw[]
  return {
    ...viewOf(row),
    ...about(row, row.begunAt ?? row.at),
    parts: partsOf(row.currency, (await sharesOf(reader, [row])).get(row.transfer)),
    choice: JSON.parse(row.choice) as unknown,
    draws,
    steps: steps.map((step) => recalled(row, step)),
    balanceBefore: showMoney({ amount: cashBefore(row, steps), currency: row.currency }),
    replay: replayOf(row, steps, draws),
  }
}

/** Which transfer booked a round of the wallet, and when. @throws Refusal `games.round_unknown`, also for somebody else's */
export async function bookingOf(reader: Reader, wallet: bigint, name: string): Promise<{ transfer: bigint; at: Date }> {
  const { transfer, at } = await pastRound(reader, wallet, numberOf(name))
  return { transfer, at }
}

async function pastRound(reader: Reader, wallet: bigint, number: bigint): Promise<PastRound> {
  const [[ofSteps], [atOnce], [voided]] = await Promise.all([
    settledAs(reader, reader`r.wallet = ${wallet} and r.round = ${number}`, 1),
    settledAs(reader, reader`r.wallet = ${wallet} and r.transfer = ${number} and r.round is null`, 1),
    voidedAs(reader, reader`r.wallet = ${wallet} and r.round = ${number}`, 1),
  ])
  const found = ofSteps ?? atOnce ?? voided
  if (!found) throw roundUnknown()
  return found
}

function recallOpen(open: OpenRound): Recall {
  const steps = stepsOf(open)
  return {
    ...viewOfOpen(open),
    ...about(open, open.begunAt),
    parts: partsOf(open.currency, noShares),
    choice: JSON.parse(open.choice) as unknown,
    draws: [],
    steps: steps.map((step) => recalled(open, step)),
    balanceBefore: showMoney({ amount: BigInt(steps[0]!.cash) + BigInt(steps[0]!.stake), currency: open.currency }),
    replay: 'open',
  }
}

function about({ game, session, currency }: Pick<PastRound, 'game' | 'session' | 'currency'>, begunAt: Date) {
  const { name = game, kind = null } = catalogue().find(({ id }) => id === game) ?? {}
  return { begunAt: begunAt.toISOString(), session, name, kind, denomination: showMoney({ amount: 1n, currency }) }
}

/** Of a round that waits: its stakes are held, nothing is won. */
const noShares: Shares = { stakedOfIncentives: 0n, wonOfIncentives: 0n, wonOfJackpots: 0n, toJackpots: 0n }

function partsOf(currency: Currency, shares: Shares | undefined): Parts {
  const show = (amount: bigint) => showMoney({ amount, currency })
  const told = (name: keyof Shares) => (shares ? show(shares[name]) : null)
  return {
    stakedOfIncentives: told('stakedOfIncentives'),
    wonOfIncentives: told('wonOfIncentives'),
    wonOfJackpots: told('wonOfJackpots'),
    toJackpots: told('toJackpots'),
    jackpotAwarded: shares ? shares.wonOfJackpots > 0n : null,
    purchases: show(0n),
    fees: show(0n),
    advice: [],
  }
}

function recalled({ currency }: Pick<OpenRound, 'currency'>, { at, move, by, stake, outcome }: Step): RecalledStep {
  const staked = showMoney({ amount: BigInt(stake), currency })
  return { at, move: move ?? null, by: by ?? 'player', stake: staked, outcome }
}

function replayOf(row: PastRound, steps: readonly Step[], draws: rng.Draw[]): Recall['replay'] {
  try {
    gameOf(row.game, row.version)
  } catch {
    return 'version_not_here'
  }
  try {
    return isIdentical(row, steps, draws) ? 'identical' : 'different'
  } catch {
    return 'different'
  }
}

/** Choice, moves and draws give every step as it was shown, and the end as it was settled. */
function isIdentical(row: PastRound, steps: readonly Step[], draws: rng.Draw[]): boolean {
  const game = gameOf(row.game, row.version)
  const tape = rng.replay(draws)
  const choice = game.reviveChoice(row.choice)
  let played: Played = game.play(choice, tape.draws)
  let stake = game.stakeOf(choice)
  for (const [n, step] of steps.entries()) {
    if (n > 0) {
      const state = JSON.parse(JSON.stringify(played.state)) as Record<string, unknown>
      const move = game.moves!.read(state, step.move)
      stake += game.moves!.stakeOf(state, move)
      played = game.moves!.make(state, move, tape.draws)
    }
    if (JSON.stringify(played.outcome) !== JSON.stringify(step.outcome) || String(stake) !== step.stake) return false
  }
  if (!tape.finished() || stake !== row.stake) return false
  return row.status === 'voided' || (JSON.stringify(played.outcome) === row.outcome && played.win === row.win)
}
