import { readdirSync, readFileSync } from 'node:fs'
import type { Sql } from '../../../core/host/database.ts'
import type { Appliance } from '../../../ops/appliance.ts'

const nanosecondsPerTick = 1e7

/** What PostgreSQL does for cores, which bet; the rest of it is named `postgres`. */
export const forCores = 'postgres for cores'

/**
 * Processor time of every process of the appliance so far, its children's among it, in nanoseconds; what the load costs itself is not in
 * it. From the scheduler's own account, since ticks are too coarse for a turn; of what has ended, a vacuum or so, only ticks are known.
 */
export async function processorTime(appliance: Appliance, admin: Sql): Promise<Map<string, number>> {
  const backends = await admin<Array<{ pid: number }>>`
    select pid from pg_stat_activity where starts_with(application_name, 'core-')`
  const times = new Map(appliance.processes().map(({ name, pid }) => [name, pid ? timeOf(pid) : 0] as const))
  const cores = sum(backends.map(({ pid }) => timeOf(pid)))
  return times.set(forCores, cores).set('postgres', times.get('postgres')! - cores)
}

function timeOf(pid: number): number {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`)
    const own = tasks.map((task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]))
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ended = (Number(fields[13]) + Number(fields[14])) * nanosecondsPerTick
    const children = tasks.flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
    return sum(own) + ended + sum(children.map(timeOf))
  } catch {
    return 0 // it has ended meanwhile
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
