import { choiceInvalid } from '../../errors.ts'
import { fraction } from '../../fraction.ts'
import { type Game, versionOf } from '../../game.ts'
import { spreadOf } from '../../spread.ts'
import { fieldsOf, readStake, reviveStaked, stepOf, timesOf, writeStaked } from '../../stake.ts'
import { rules } from './rules.ts'

/** `chance` is how many of the 10,000 rolls win; they are the lowest (`under`) or the highest (`over`). */
type Choice = { stake: bigint; chance: number; side: 'under' | 'over' }

/** The roll, 0 to 9999, shown as 00.00 to 99.99. */
type DiceOutcome = { roll: number; won: boolean }

const rolls = 10_000
const shareOfHundredths = 99 * rolls // a chance times its pay in hundredths is this: the return is 99/100
const chanceMin = 10
const timesMin = 101
const stakeMin = 10n
const stakeMax = 10_000n

/** The chances whose pay is a whole number of hundredths, so that each returns exactly 99/100; with what they pay. */
const pays: ReadonlyMap<number, number> = new Map(
  Array.from({ length: rolls }, (_, chance) => chance)
    .filter((chance) => chance >= chanceMin && shareOfHundredths % chance === 0)
    .map((chance) => [chance, shareOfHundredths / chance] as const)
    .filter(([, times]) => times >= timesMin),
)

/** A roll of 10,000, under or over: the smaller the chance the higher the pay, and every bet returns exactly 99/100. */
export const dice: Game<Choice> = {
  id: 'dice',
  name: 'Dice',
  kind: 'instant',
  version: versionOf({ game: 'dice', rolls, pays: [...pays] }),
  rtp: fraction(99, 100),
  stakeMin,
  stakeMax,
  winMax: timesOf(stakeMax, pays.get(chanceMin)!),
  sheet: {
    rolls,
    /** Of each chance the pay in hundredths of the stake, and the step of stakes in minor units. */
    pays: [...pays].map(([chance, times]) => ({ chance, times, step: Number(stepOf(times)) })),
  },
  rules,
  sample: { stake: '1.00', chance: 4950, side: 'under' },
  readChoice(input, currency) {
    const { stake, chance, side } = fieldsOf(input, ['stake', 'chance', 'side'])
    const times = typeof chance === 'number' ? pays.get(chance) : undefined
    if (times === undefined) throw choiceInvalid('Name one of the chances on the list.')
    if (side !== 'under' && side !== 'over') throw choiceInvalid('Say under or over.')
    const bounds = { min: stakeMin, max: stakeMax, step: stepOf(times) }
    return { stake: readStake(stake, currency, bounds), chance: chance as number, side }
  },
  stakeOf: ({ stake }) => stake,
  play({ stake, chance, side }, draws) {
    const roll = draws(rolls, 'roll')
    const won = side === 'under' ? roll < chance : roll >= rolls - chance
    const outcome: DiceOutcome = { roll, won }
    return { outcome, win: won ? timesOf(stake, pays.get(chance)!) : 0n }
  },
  returns: ({ stake, chance }) => [
    [BigInt(chance), timesOf(stake, pays.get(chance)!)],
    [BigInt(rolls - chance), 0n],
  ],
  spread(choice) {
    return spreadOf(this.returns!(choice))
  },
  writeChoice: writeStaked,
  reviveChoice: reviveStaked,
}
