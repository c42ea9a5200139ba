import { type Currency, readPositiveMoney, showMoney } from '#base'
import { choiceInvalid, stakeOutOfBounds } from './errors.ts'

/** What may be staked, in minor units. Stakes go in steps, so that whatever is paid is a whole number of minor units. */
export type StakeBounds = { min: bigint; max: bigint; step?: bigint }

/**
 * Reads a stake off the wire, exactly.
 *
 * @throws Refusal `games.choice_invalid`, `games.stake_out_of_bounds`, and those of `readPositiveMoney`
 */
export function readStake(amount: unknown, currency: Currency, bounds: StakeBounds): bigint {
  if (typeof amount !== 'string') throw choiceInvalid('Say the stake.')
  const stake = readPositiveMoney({ amount, currency }).amount
  const { min, max, step = 1n } = bounds
  if (stake >= min && stake <= max && stake % step === 0n) return stake
  const show = (value: bigint) => showMoney({ amount: value, currency }).amount
  const steps = step > 1n ? `, in steps of ${show(step)}` : ''
  throw stakeOutOfBounds(`A stake is between ${show(min)} and ${show(max)} ${currency}${steps}.`)
}

/**
 * What a player's page sent, as fields to be read one by one; whatever else it was has none.
 *
 * @throws Refusal `games.choice_invalid` when it has others than these
 */
export function fieldsOf<Name extends string>(input: unknown, names: readonly Name[]): Partial<Record<Name, unknown>> {
  if (typeof input !== 'object' || input === null) return {}
  const other = Object.keys(input).find((name) => !(names as readonly string[]).includes(name))
  if (other !== undefined) throw choiceInvalid(`"${other.slice(0, 40)}" means nothing here.`)
  return input
}

/** How a choice with one stake is kept with its round, and back. */
export function writeStaked(choice: { stake: bigint }): string {
  return JSON.stringify({ ...choice, stake: choice.stake.toString() })
}

export function reviveStaked<Choice extends { stake: bigint }>(text: string): Choice {
  const choice = JSON.parse(text) as { stake: string }
  return { ...choice, stake: BigInt(choice.stake) } as unknown as Choice
}

/** The least stake of which so many hundredths are a whole number of minor units; each stake is a multiple of it. */
export function stepOf(hundredths: number): bigint {
  let [a, b] = [100, hundredths]
  while (b !== 0) [a, b] = [b, a % b]
  return BigInt(100 / a)
}

/** So many hundredths of a stake. @param stake a multiple of `stepOf(hundredths)` */
export function timesOf(stake: bigint, hundredths: number): bigint {
  return (stake * BigInt(hundredths)) / 100n
}
