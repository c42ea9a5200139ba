import { readdirSync, readFileSync } from 'node:fs'
import type { Sql } from '../../../core/host/database.ts'
import { viewHome } from '../../../ops/appliance/home.ts'
import { connect } from '../../../ops/appliance/postgres.ts'
import type { Appliance } from '../../../ops/appliance.ts'
import { type Figure, median, type RunOptions } from '../benchmark.ts'
import { playFor, seatPlayers, throughEdge, type Way } from '../bets.ts'

export const pairs = 20
const studentT = 2.093 // two-sided 95 %, of 20 pairs
const ticksPerSecond = 100
const tailMs = 1500 // after the last bet, for what is still to be sealed

/**
 * Processor time of all processes per bet, with the sealer at work and without, in turns. Without: a session holds the lock
 * that sealers take; what piles up meanwhile is sealed before the next measurement and charged to none. With: what is left at
 * the end is sealed before the clock stops.
 */
export async function costPerBet(appliance: Appliance, { seconds, say }: RunOptions) {
  const admin = connect(viewHome(appliance.home), 'admin')
  const cookies = await seatPlayers(appliance)
  const way = await throughEdge(appliance, cookies)
  await playFor(way, 2 * seconds)
  const ratios: number[] = []
  const byTurn = { on: new Map<string, number[]>(), off: new Map<string, number[]>() }
  try {
    for (let pair = 0; pair < pairs; pair++) {
      const found = { on: 0, off: 0 }
      for (const turn of pair % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
        await allSealed(admin)
        const spent =
          turn === 'on'
            ? await spentSealing(appliance, way, seconds, admin)
            : await spentUnsealed(appliance, way, seconds, admin)
        for (const [name, microseconds] of spent) {
          byTurn[turn].set(name, [...(byTurn[turn].get(name) ?? []), microseconds])
          found[turn] += microseconds
        }
      }
      ratios.push((found.on / found.off - 1) * 100)
      say(`pair ${pair + 1}: ${found.off.toFixed(0)} µs per bet, with sealing ${found.on.toFixed(0)} µs`)
    }
  } finally {
    for (const caller of way.callers) caller.close()
    await admin.end()
  }
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / pairs
  const deviation = Math.sqrt(ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / (pairs - 1))
  const half = (studentT * deviation) / Math.sqrt(pairs)
  const names = [...byTurn.off.keys()]
  const figures: Figure[] = [
    { name: 'sealing, of the processor time of a bet', value: mean, unit: '%', bar: '<=5' },
    { name: 'sealing, of the processor time of a bet, median of the pairs', value: median(ratios), unit: '%' },
    ...names.flatMap((name) => [
      { name: `a bet without sealing, ${name}`, value: median(byTurn.off.get(name) ?? []), unit: 'µs' },
      { name: `a bet with sealing, ${name}`, value: median(byTurn.on.get(name) ?? []), unit: 'µs' },
    ]),
  ]
  return { figures, interval: `95 % of ${pairs} pairs: ${(mean - half).toFixed(2)} % to ${(mean + half).toFixed(2)} %` }
}

type Spent = Map<string, number>

/** Microseconds per bet, by process; until all of it is sealed. */
async function spentSealing(appliance: Appliance, way: Way, seconds: number, admin: Sql): Promise<Spent> {
  return spentOn(appliance, way, seconds, () => allSealed(admin))
}

async function spentUnsealed(appliance: Appliance, way: Way, seconds: number, admin: Sql): Promise<Spent> {
  const lock = await admin.reserve()
  await lock`select pg_advisory_lock(hashtext('audit.seal'))`
  try {
    return await spentOn(appliance, way, seconds, async () => {})
  } finally {
    await lock`select pg_advisory_unlock(hashtext('audit.seal'))`
    lock.release()
  }
}

async function spentOn(appliance: Appliance, way: Way, seconds: number, after: () => Promise<void>): Promise<Spent> {
  const before = ticksByProcess(appliance)
  const { latencies } = await playFor(way, seconds)
  const tail = new Promise((resolve) => setTimeout(resolve, tailMs))
  await after()
  await tail
  return new Map(
    [...ticksByProcess(appliance)].map(([name, ticks]) => [
      name,
      ((ticks - (before.get(name) ?? 0)) / ticksPerSecond / latencies.length) * 1e6,
    ]),
  )
}

async function allSealed(admin: Sql): Promise<void> {
  for (;;) {
    const [row] = await admin<Array<{ behind: boolean }>>`
      select exists (select from audit.unsealed)
        or exists (select from ledger.lanes l left join audit.lanes s on s.lane = l.lane where l.batch > coalesce(s.batch, 0)) as behind`
    if (!row?.behind) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Of every process of the appliance, its children, and those of them that have ended. */
function ticksByProcess(appliance: Appliance): Map<string, number> {
  return new Map(appliance.processes().map(({ name, pid }) => [name, pid ? ticksOf(pid) : 0] as const))
}

function ticksOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const own = [11, 12, 13, 14].reduce((sum, field) => sum + Number(fields[field]), 0)
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    )
    return own + children.reduce((sum, child) => sum + ticksOf(child), 0)
  } catch {
    return 0 // it has ended meanwhile
  }
}
