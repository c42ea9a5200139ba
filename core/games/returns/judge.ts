import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import { catalogue } from '../catalogue.ts'
import { deviationsOf, isOutside } from './bound.ts'

/** What is judged: the day while it lasts, by a bound that nothing sound reaches; a day that is over, and thirty, at 99 %. */
const windows = { now: { days: 0, z: 5 }, day: { days: 1, z: 2.576 }, month: { days: 30, z: 2.576 } } as const
const dayMs = 86_400_000

export type StandingReturn = {
  game: string
  version: string
  currency: string
  /** Minor units: stakes from here to the next level. */
  level: bigint
  /** Rounds, or the moves within them by which players put at stake again what they had. */
  part: 'rounds' | 'moves'
  /** How many of them. */
  rounds: bigint
  staked: string
  returned: string
  expected: string
  variance: string
}

/**
 * Holds what every version returned against what it must return by its mathematics, and writes down what chance does not explain
 * [GLI-A.6.1d] [GLI-A.6.2]. Each day is judged once it is over; answers how many were outside.
 */
export async function judgeReturns(tx: Tx, command: Command): Promise<number> {
  const [row] = await tx<Array<{ until: Date; judged: string }>>`
    select until, to_char(judged, 'YYYY-MM-DD') as judged from games.counted for update`
  let outside = await judge(tx, command, dayOf(row!.until), windows.now)
  let day = new Date(new Date(row!.judged).getTime() + dayMs)
  for (; day.getTime() + dayMs <= row!.until.getTime(); day = new Date(day.getTime() + dayMs)) {
    for (const window of [windows.day, windows.month]) outside += await judge(tx, command, dayOf(day), window)
    await tx`update games.counted set judged = ${dayOf(day)}::date`
  }
  return outside
}

/** What each version of each game returned at each level of stake in the days until one, that day included. */
export async function returnsOf(reader: Reader, day: string, days: number): Promise<StandingReturn[]> {
  return await reader<StandingReturn[]>`
    select game, version, currency, level, part, sum(p.rounds)::bigint as rounds, sum(p.staked)::text as staked,
      sum(p.returned)::text as returned, sum(p.expected)::text as expected, sum(p.variance)::text as variance
    from games.returns r cross join lateral (values
      ('rounds', r.rounds, r.staked, r.returned, r.expected, r.variance),
      ('moves', r.moves, r.moves_staked, r.moves_returned, r.moves_expected, r.moves_variance)
    ) p (part, rounds, staked, returned, expected, variance)
    where p.rounds > 0 and day > ${day}::date - ${Math.max(days, 1)}::int and day <= ${day}::date
    group by game, version, currency, level, part having bool_and(known) order by game, version, currency, level, part desc`
}

async function judge(tx: Tx, command: Command, day: string, { days, z }: { days: number; z: number }): Promise<number> {
  let outside = 0
  for (const each of await returnsOf(tx, day, days)) {
    const sums = {
      rounds: Number(each.rounds),
      returned: Number(each.returned),
      expected: Number(each.expected),
      variance: Number(each.variance),
    }
    if (!isOutside(sums, { z, skill: each.part === 'rounds' && decides(each.game) })) continue
    const deviations = deviationsOf(sums).toFixed(3)
    const { game, version, currency, level, part, rounds, staked, returned, expected } = each
    const made = await tx`
      insert into games.return_alarms (day, days, game, version, currency, level, part, rounds, staked, returned, expected, deviations, at)
      values (${day}::date, ${days}, ${game}, ${version}, ${currency}, ${level}, ${part}, ${rounds}, ${staked}, ${returned}, ${expected}, ${deviations}, ${command.now})
      on conflict do nothing`
    if (made.count === 0) continue
    outside++
    const detail = {
      version,
      currency,
      level,
      part,
      day,
      days,
      rounds: Number(rounds),
      staked: BigInt(staked),
      returned: BigInt(returned),
      deviations,
    }
    await audit.record(tx, command, { action: 'games.return_outside', subject: game, detail })
  }
  return outside
}

/** Whether players decide what their rounds return. Slots pay their boxes by chance, and what `luck` tells of is chance alone. */
function decides(id: string): boolean {
  return catalogue().some((game) => game.id === id && game.kind !== 'slot' && game.moves && !game.luck)
}

export type ReturnAlarm = {
  day: string
  days: number
  game: string
  version: string
  currency: string
  level: bigint
  part: StandingReturn['part']
  rounds: bigint
  deviations: string
  at: Date
}

/** The latest alarms first. */
export async function returnAlarms(reader: Reader, limit: number): Promise<ReturnAlarm[]> {
  return await reader<ReturnAlarm[]>`
    select to_char(day, 'YYYY-MM-DD') as day, days, game, version, currency, level, part, rounds, deviations::text as deviations, at
    from games.return_alarms order by at desc, day desc, game, level limit ${limit}`
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}
