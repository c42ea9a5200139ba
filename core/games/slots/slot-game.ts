import type { Currency } from '#base'
import { choiceInvalid } from '../errors.ts'
import { type Fraction, showPercent, toNumber } from '../fraction.ts'
import { type Game, versionOf } from '../game.ts'
import type { Risks } from '../risk.ts'
import { fieldsOf, readStake } from '../stake.ts'
import { awardsOf } from './awards.ts'
import { checkSheet } from './check.ts'
import { type Cycle, larger } from './cycle.ts'
import { gambleRisks } from './gamble.ts'
import type { SlotOutcome } from './outcome.ts'
import { type Par, par } from './par.ts'
import { bestPick } from './pick.ts'
import { openRounds, type SlotChoice } from './round.ts'
import { closing, type ReturnsTold, type Rules } from './rules.ts'
import { partsOf, reelsOf, type SlotSheet } from './sheet.ts'

/** A slot is this, and art. Stakes are minor units; `cycle` is what `cycleOf` enumerates of the sheet, kept because that takes seconds. */
export type SlotDescription = {
  id: string
  name: string
  sheet: SlotSheet
  cycle: Cycle
  stakeMin: bigint
  stakeMax: bigint
  rules: Rules
}

/** Counts up when the same sheet would come to other outcomes. */
const engine = 1
/** The theoretical return must be at least 75 % at every bet [GLI-4.7.1a]; a slot's is the same at every stake. */
const rtpPercentMin = 75n

/** @throws Error when the sheet is wrong, or returns less than a regulator allows */
export function slotGame({ id, name, sheet, cycle, stakeMin, stakeMax, rules }: SlotDescription): Game<SlotChoice> {
  const wrong = checkSheet(sheet)
  if (sheet.freeSpins && sheet.freeSpins.totalMax === undefined)
    wrong.push('freeSpins: a round that is sold has an end, totalMax')
  if (wrong.length > 0) throw new Error(`${id}: ${wrong.join('; ')}`)
  const returns = par(sheet, cycle)
  if (returns.rtp.n * 100n < returns.rtp.d * rtpPercentMin)
    throw new Error(`${id} returns ${showPercent(returns.rtp)}, less than may be`)
  const { play, moves } = openRounds(sheet)
  const parts = BigInt(partsOf(sheet))
  const told = tell(sheet, cycle, returns)
  return {
    id,
    name,
    kind: 'slot',
    version: versionOf({ engine, sheet }),
    rtp: returns.rtp,
    stakeMin,
    stakeMax,
    winMax: (stakeMax * most(sheet, returns)) / parts,
    sheet: { ...sheet, returns: told },
    rules: {
      en: [...rules.en, ...closing.en(told)],
      de: [...rules.de, ...closing.de(told)],
      es: [...rules.es, ...closing.es(told)],
      fr: [...rules.fr, ...closing.fr(told)],
    },
    sample: { stake: '1.00' },
    readChoice,
    stakeOf: ({ stake }) => stake,
    play,
    ...(moves && { moves: moves as unknown as NonNullable<Game['moves']> }),
    spread: ({ stake }) => ({
      mean: { n: returns.rtp.n * stake, d: returns.rtp.d },
      variance: { n: returns.variance.n * stake * stake, d: returns.variance.d },
    }),
    ...(sheet.gamble && {
      risks: (_, outcome) => gambleRisksOf(outcome as SlotOutcome),
      gambled: (outcome) =>
        (outcome as SlotOutcome).gamble ? BigInt((outcome as SlotOutcome).gamble!.from) : undefined,
    }),
    writeChoice: ({ stake, gamble }) => JSON.stringify({ stake: stake.toString(), ...(gamble && { gamble }) }),
    reviveChoice(text) {
      const { stake, gamble = false } = JSON.parse(text) as { stake: string; gamble?: boolean }
      return { stake: BigInt(stake), gamble }
    },
  }

  function readChoice(input: unknown, currency: Currency): SlotChoice {
    const { stake, gamble = false } = fieldsOf(input, ['stake', 'gamble'])
    if (typeof gamble !== 'boolean' || (gamble && !sheet.gamble))
      throw choiceInvalid('There is nothing to gamble here.')
    return { stake: readStake(stake, currency, { min: stakeMin, max: stakeMax, step: parts }), gamble }
  }
}

function gambleRisksOf({ gamble }: SlotOutcome): Risks {
  const steps = (gamble?.steps ?? []).map((step) => ({ ...step, amount: BigInt(step.amount) }))
  return gambleRisks(BigInt(gamble?.from ?? 0), steps)
}

/** The report as it is printed in the sheet; whoever wants the fractions takes `par`. */
function tell(sheet: SlotSheet, cycle: Cycle, returns: Par): ReturnsTold {
  const { shares, chances } = returns
  const some = (told: Record<string, Fraction>) =>
    Object.fromEntries(
      Object.entries(told).flatMap(([name, value]) => (value.n === 0n ? [] : [[name, showPercent(value)]])),
    )
  return {
    rtp: showPercent(returns.rtp),
    ...some({ [sheet.lines ? 'lines' : 'ways']: shares.wins, scatters: shares.scatters }),
    ...some({ freeSpins: shares.freeSpins, hold: shares.hold, pick: shares.pick }),
    hitChance: showPercent(returns.hitChance),
    ...some({ featureChance: chances.freeSpins, holdChance: chances.hold, pickChance: chances.pick }),
    deviation: Math.sqrt(toNumber(returns.variance)).toFixed(2),
    awards: awardsOf(sheet, cycle, returns).map(({ of, times, chance }) => ({
      of,
      times: toNumber(times).toString(),
      oneIn: ((chance.d * 2n + chance.n) / (chance.n * 2n)).toString(),
    })),
  }
}

/** The most a round can return, in parts of the stake: everything at its best, which may be more than comes together. */
function most({ freeSpins, hold, pick, gamble, ...sheet }: SlotSheet, { top }: Par): bigint {
  const rest = sheet as SlotSheet
  const parts = BigInt(partsOf(rest))
  const free = BigInt((freeSpins?.totalMax ?? 0) * (freeSpins?.multiplier ?? 1))
  const valueMax = Math.max(0, ...(hold?.values ?? []).map(([value]) => value))
  const held = hold ? BigInt(valueMax * reelsOf(rest) * rest.rows + hold.full) : 0n
  const picked = pick ? BigInt(bestPick(pick).times) * (pick.onLine ? parts : 1n) : 0n
  const played = top.times * (1n + free) + (held + picked) * parts
  const gambled = BigInt(gamble?.timesMax ?? 0) * parts
  return larger(gambled, played)
}
