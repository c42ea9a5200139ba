import { choiceInvalid } from '../../errors.ts'
import { fraction } from '../../fraction.ts'
import { type Game, versionOf } from '../../game.ts'
import { spreadOf } from '../../spread.ts'
import { fieldsOf, readStake, reviveStaked, stepOf, timesOf, writeStaked } from '../../stake.ts'
import { rules } from './rules.ts'

/** `target` in hundredths: 250 is two and a half times the stake. */
type Choice = { stake: bigint; target: number }

/** How high it went, in hundredths; 100 at least. */
type LimboOutcome = { reached: number; won: boolean }

/**
 * 2^7 · 3^2 · 5^5 · 7 · 11 · 13, below 2^32 and divided by every common target: the chance of such a target t is exactly 0.99/t. Of the
 * others it is cut to a whole number of draws, by less than one in `range`.
 */
const range = 3_603_600_000
const share = 99 * range
const targetMin = 101
const targetMax = 100_000
const stakeMin = 10n
const stakeMax = 10_000n

/** Of `range` draws so many reach the target. */
export function drawsThatReach(target: number): number {
  return Number(BigInt(share) / BigInt(target))
}

/** A number rises; a target that it reaches pays itself. The chance of t times the stake is 0.99/t. */
export const limbo: Game<Choice> = {
  id: 'limbo',
  name: 'Limbo',
  kind: 'instant',
  version: versionOf({ game: 'limbo', range, share, targetMin, targetMax }),
  rtp: fraction(99, 100),
  stakeMin,
  stakeMax,
  winMax: timesOf(stakeMax, targetMax),
  sheet: { range, share, targetMin, targetMax },
  rules,
  sample: { stake: '1.00', target: 200 },
  readChoice(input, currency) {
    const { stake, target } = fieldsOf(input, ['stake', 'target'])
    if (!Number.isInteger(target) || (target as number) < targetMin || (target as number) > targetMax)
      throw choiceInvalid(`A target is a whole number of hundredths from ${targetMin} to ${targetMax}.`)
    const bounds = { min: stakeMin, max: stakeMax, step: stepOf(target as number) }
    return { stake: readStake(stake, currency, bounds), target: target as number }
  },
  stakeOf: ({ stake }) => stake,
  play({ stake, target }, draws) {
    const reached = Math.max(100, Number(BigInt(share) / BigInt(draws(range, 'height') + 1)))
    const won = reached >= target
    const outcome: LimboOutcome = { reached, won }
    return { outcome, win: won ? timesOf(stake, target) : 0n }
  },
  returns({ stake, target }) {
    const winning = drawsThatReach(target)
    return [
      [BigInt(winning), timesOf(stake, target)],
      [BigInt(range - winning), 0n],
    ]
  },
  spread(choice) {
    return spreadOf(this.returns!(choice))
  },
  writeChoice: writeStaked,
  reviveChoice: reviveStaked,
}
