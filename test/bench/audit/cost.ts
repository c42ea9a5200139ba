import type { Sql } from '../../../core/host/database.ts'
import { viewHome } from '../../../ops/appliance/home.ts'
import { connect } from '../../../ops/appliance/postgres.ts'
import type { Appliance } from '../../../ops/appliance.ts'
import { type Figure, keepPace, median, type RunOptions } from '../benchmark.ts'
import { betBy, playFor, seatPlayers, throughEdge } from '../bets.ts'
import { meanOf, medianOfMeans, pairs, shown } from './interval.ts'
import { forCores, processorTime } from './processor-time.ts'

/** Whoever does nothing of sealing: what they need more is by what sealing leaves of caches and of the disk. */
const bystanders = /^(edge|core|sandbox|redis)/

/** The turns of pairs, by turns in another order, so that what drifts meanwhile is in both alike. */
const turns = [
  ['on', 'off'],
  ['off', 'on'],
] as const
const tailMs = 1300 // after the last bet, for what is still to be sealed
const warmUpTurns = 4
/** Of the most that goes: at the limit the size of batches, and with it the price of a bet, depends on who waits for whom by chance. */
const load = 0.6

/**
 * What sealing costs a bet. Processor time of all processes per bet, with the sealer at work and without, in turns of one number of bets at one pace. Without: a session
 * holds the lock that sealers take; what piles up meanwhile is sealed before the next turn and charged to none. With: what is
 * left at the end is sealed before the clock stops. Each turn begins after a checkpoint; vacuums and
 * what the worker does by the clock (the proof of the books each minute above all) wait for the end.
 *
 * Two figures: all of it, and what those processes need more that take part in sealing (worker, key agent, PostgreSQL but for what it does for cores),
 * which is most of it and far less disturbed by what else runs on the machine.
 */
export async function costPerBet(appliance: Appliance, { seconds, say }: RunOptions) {
  const admin = connect(viewHome(appliance.home), 'admin')
  const way = await throughEdge(appliance, await seatPlayers(appliance))
  await admin`alter system set autovacuum = off`
  await admin`select pg_reload_conf()`
  await admin`delete from pgboss.schedule`
  const { latencies } = await playFor(way, warmUpTurns * seconds)
  const bets = Math.round((latencies.length / warmUpTurns) * load)
  const play = () => keepPace(bets / seconds, seconds, betBy(way))
  const costs: Array<{ all: number; sealing: number }> = []
  const byTurn = { on: [] as Spent[], off: [] as Spent[] }
  try {
    for (let pair = 1; pair <= pairs; pair++) {
      const found = { on: [] as Spent[], off: [] as Spent[] }
      for (const turn of turns[pair % 2]!) {
        await allSealed(admin)
        await admin`checkpoint`
        found[turn].push(await (turn === 'on' ? spentSealing : spentUnsealed)(appliance, { bets, play }, admin))
        byTurn[turn].push(found[turn].at(-1)!)
      }
      const bet = microseconds(found.off)
      costs.push({
        all: ((microseconds(found.on) - bet) / bet) * 100,
        sealing: ((microseconds(found.on, takesPart) - microseconds(found.off, takesPart)) / bet) * 100,
      })
      const { all, sealing } = costs.at(-1)!
      say(`pair ${pair}: ${bet.toFixed(0)} µs per bet; sealing ${sealing.toFixed(2)} %, all ${all.toFixed(2)} % more`)
    }
  } finally {
    for (const caller of way.callers) caller.close()
    await admin.end()
  }
  const [all, sealing] = [costs.map((cost) => cost.all), costs.map((cost) => cost.sealing)]
  const figures: Figure[] = [
    { name: 'sealing, of the processor time of a bet', value: medianOfMeans(sealing).value, unit: '%', bar: '<=5' },
    { name: 'all processes with sealing, more than without', value: medianOfMeans(all).value, unit: '%', bar: '<=5' },
    ...[...byTurn.off[0]!.keys()].flatMap((name) => [
      { name: `a bet without sealing, ${name}`, value: of(byTurn.off, name), unit: 'µs' },
      { name: `a bet with sealing, ${name}`, value: of(byTurn.on, name), unit: 'µs' },
    ]),
  ]
  return {
    figures,
    intervals: {
      'what was compared': `${pairs} pairs of turns of ${bets} bets, with the sealer and without, in changing order`,
      'sealing, 95 % interval': `${shown(medianOfMeans(sealing))}; of the mean ${shown(meanOf(sealing))}`,
      'all, 95 % interval': `${shown(medianOfMeans(all))}; of the mean ${shown(meanOf(all))}`,
    },
  }
}

/** So many bets, at one pace. */
type Turn = { bets: number; play: () => Promise<unknown> }

/** Microseconds per bet, by process. */
type Spent = Map<string, number>

/** Until all of it is sealed. */
async function spentSealing(appliance: Appliance, turn: Turn, admin: Sql): Promise<Spent> {
  return spentOn(appliance, turn, admin, () => allSealed(admin))
}

async function spentUnsealed(appliance: Appliance, turn: Turn, admin: Sql): Promise<Spent> {
  const lock = await admin.reserve()
  await lock`select pg_advisory_lock(hashtext('audit.seal'))`
  try {
    return await spentOn(appliance, turn, admin, async () => {})
  } finally {
    await lock`select pg_advisory_unlock(hashtext('audit.seal'))`
    lock.release()
  }
}

async function spentOn(
  appliance: Appliance,
  { bets, play }: Turn,
  admin: Sql,
  after: () => Promise<void>,
): Promise<Spent> {
  const before = await processorTime(appliance, admin)
  await play()
  const tail = new Promise((resolve) => setTimeout(resolve, tailMs))
  await after()
  await tail
  return new Map(
    [...(await processorTime(appliance, admin))].map(([name, spent]) => [
      name,
      (spent - (before.get(name) ?? 0)) / 1000 / bets,
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

/** Of the mean of some turns, in all processes or in some. */
function microseconds(turns: readonly Spent[], counts: (name: string) => boolean = () => true): number {
  const all = turns.flatMap((spent) => [...spent]).filter(([name]) => counts(name))
  return all.reduce((sum, [, each]) => sum + each, 0) / turns.length
}

function takesPart(name: string): boolean {
  return name !== forCores && !bystanders.test(name)
}

function of(turns: readonly Spent[], name: string): number {
  return median(turns.map((spent) => spent.get(name) ?? 0))
}
