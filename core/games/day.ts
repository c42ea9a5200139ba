import * as audit from '#audit'
import { type Command, type Currency, isCurrency, numberArray, readMoney, type Tx, textArray } from '#base'
import * as licences from '#licences'
import { settledSeconds } from './policy.ts'

/** So much time is summed in one transaction at most: what a worker missed for days is made up in pieces. */
const spanSeconds = 3600
const daysKept = 40

type Large = {
  wallet: bigint
  player: string
  currency: Currency
  day: Date
  rounds: number
  /** Minor units as digits: a sum of a day has no greatest value. */
  staked: string
  won: string
  stakesLarge: boolean
  winsLarge: boolean
}

/**
 * Adds what was played since the last time to each wallet's day (UTC), and writes down whose wagers or wins of a day have become
 * large by the licence, once for each day [GLI-2.8.8d] [GLI-2.8.8e]. Answers whether there is more to add.
 */
export async function sumDays(tx: Tx, command: Command): Promise<{ more: boolean }> {
  const { until, more } = await spanOf(tx, command.now)
  for (const sums of await addUp(tx, until)) {
    const { wallet, player, currency, rounds, staked, won, stakesLarge, winsLarge } = sums
    const day = sums.day.toISOString().slice(0, 10)
    const event = {
      subject: player,
      player,
      detail: { player, currency, day, rounds, staked: BigInt(staked), won: BigInt(won) },
    }
    if (stakesLarge) await audit.record(tx, command, { action: 'games.large_stakes_of_day', ...event })
    if (winsLarge) await audit.record(tx, command, { action: 'games.large_wins_of_day', ...event })
    await tx`
      update games.days set stakes_told = stakes_told or ${stakesLarge}, wins_told = wins_told or ${winsLarge}
      where wallet = ${wallet} and day = ${day}`
  }
  await tx`delete from games.days where day < ${new Date(command.now.getTime() - daysKept * 86_400_000)}::date`
  return { more }
}

async function spanOf(tx: Tx, now: Date): Promise<{ until: Date; more: boolean }> {
  const [row] = await tx<Array<{ until: Date }>>`select until from games.summed`
  const settled = now.getTime() - settledSeconds * 1000
  const reach = (row?.until.getTime() ?? settled) + spanSeconds * 1000
  return { until: new Date(Math.min(settled, reach)), more: reach < settled }
}

async function addUp(tx: Tx, until: Date): Promise<Large[]> {
  const bounds = Object.entries((await licences.rules(tx)).significant).flatMap(([currency, each]) => {
    if (!isCurrency(currency)) return []
    const least = (amount: string) => readMoney({ amount, currency }).amount
    return [{ currency, stakes: least(each.stakesPerDay), wins: least(each.winsPerDay) }]
  })
  return await tx<Large[]>`
    select wallet, player, currency, day, rounds, staked, won, stakes_large as "stakesLarge", wins_large as "winsLarge"
    from games.sum_days(${until}, ${textArray(bounds.map(({ currency }) => currency))}::text::text[],
      ${numberArray(bounds.map(({ stakes }) => stakes))}::text::numeric[], ${numberArray(bounds.map(({ wins }) => wins))}::text::numeric[])`
}
