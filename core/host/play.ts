import { Counter, Gauge, Histogram } from 'prom-client'
import { createLane, createLanes, type Lane, newId, Refusal } from '#base'
import * as games from '#games'
import * as ledger from '#ledger'
import type { Continuity } from './continuity.ts'
import { openDatabase, type Sql } from './database.ts'
import { watchGenerator } from './generator-watch.ts'
import { transact } from './host.ts'
import type { OpenHost } from './open-host.ts'
import { openRoundParts } from './round-parts.ts'

export type Play = {
  games: games.Games
  missing(): string[]
  close(): Promise<void>
}

const bets = new Counter({ name: 'countroom_bets_total', help: 'Bets by what became of them.', labelNames: ['code'] })
const batchSize = new Histogram({
  name: 'countroom_lane_batch_size',
  help: 'Bets per batch.',
  labelNames: ['lane'],
  buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
})
const batchSeconds = new Histogram({
  name: 'countroom_lane_batch_seconds',
  help: 'Time of a batch, from its statement to its commit.',
  labelNames: ['lane'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
})
const lanesWaiting = new Gauge({ name: 'countroom_lane_waiting', help: 'Bets that wait for a batch.' })

/** Opens the hot path of this process: leased lanes, each on a connection of its own, and a generator of outcomes. */
export async function openPlay(host: OpenHost): Promise<Play> {
  const rounds = await openRoundParts(host)
  const { generator } = rounds
  const watch = watchGenerator(host, generator)
  const settle = async (connection: Sql, lease: ledger.Lease, bets: readonly games.Bet[]): Promise<games.Settled[]> => {
    const at = host.now()
    const { large, pace } = rounds.rules()
    const settled = bets.some((bet) => games.mayBeLarge(large, bet))
      ? ((await connection.begin(async (tx) => {
          const settled = await games.settle(tx, lease, at, bets, pace)
          await games.noteLarge(tx, at, large, bets, settled)
          return settled
        })) as games.Settled[])
      : await games.settle(connection, lease, at, bets, pace)
    const last = settled.findLastIndex(({ code }) => code === 'posted')
    const { wallet, key } = bets[last] ?? {}
    if (wallet !== undefined && key !== undefined)
      host.continuity?.answered(lease.lane, { wallet, key, transfer: settled[last]!.transfer })
    return settled
  }
  const followed = host.tracing?.lanes<games.Bet, games.Settled>()
  const book: typeof settle = followed
    ? (connection, lease, bets) => followed.booking(bets, () => settle(connection, lease, bets))
    : settle
  const lanes = await Promise.all(Array.from({ length: host.config.lanes.count }, () => openLane(host, book)))
  const plain = createLanes(lanes.map((lane) => lane.lane))
  const all = followed ? followed.follow(plain) : plain
  const play = games.openGames({ ...rounds, lanes: all, now: host.now, transact: (work) => transact(host, work) })
  lanesWaiting.reset()
  const observed = setInterval(() => lanesWaiting.set(all.waiting), 1000)
  observed.unref()
  return {
    games: {
      play: counted(play.play),
      playFair: counted(play.playFair),
      renewSeeds: play.renewSeeds,
      free: play.free,
      move: play.move,
    },
    missing: () => [...(generator.sound ? [] : ['rng']), ...(lanes.every((lane) => lane.held()) ? [] : ['lanes'])],
    async close() {
      clearInterval(observed)
      watch.close()
      await all.close()
      await Promise.all(lanes.map((lane) => lane.close()))
      rounds.close()
    },
  }
}

function counted(work: games.Games['play']): games.Games['play'] {
  return async (order) => {
    try {
      const result = await work(order)
      bets.inc({ code: result.replayed ? 'replayed' : 'posted' })
      return result
    } catch (error) {
      bets.inc({ code: (error as { code?: string }).code ?? 'defect' })
      throw error
    }
  }
}

type LaneHost = Pick<OpenHost, 'database' | 'sql' | 'log'> & {
  config: Pick<OpenHost['config'], 'name' | 'lanes'>
  continuity?: Continuity | undefined
}
type OpenedLane<Item, Answer> = { lane: Lane<Item, Answer>; held(): boolean; close(): Promise<void> }

/**
 * A lane that books by a batch function on a connection of its own. It keeps its lease by renewing it; when another process
 * got it meanwhile, it leases the next free one.
 */
export async function openLane<Item, Answer>(
  host: LaneHost,
  book: (connection: Sql, lease: ledger.Lease, items: readonly Item[]) => Promise<Answer[]>,
): Promise<OpenedLane<Item, Answer>> {
  const connection: Sql = openDatabase({
    ...host.database,
    poolMax: 1,
    name: `${host.config.name} lane`,
    lockMsMax: Math.ceil(host.config.lanes.deadlineMs / 2), // one wallet that is held long must not hold the others of its batch
  })
  let frozen = false
  let lease = await leaseOne()
  const renewal = setInterval(
    () => {
      const renewed = lease ? ledger.renewLease(host.sql, lease) : Promise.resolve(false)
      renewed.then((still) => (still ? undefined : again())).catch(() => {}) // the next renewal finds out
    },
    (ledger.leaseSecondsMax / 3) * 1000,
  )

  const lane = createLane<Item, Answer>({
    ...host.config.lanes,
    run: async (items) => {
      await host.continuity?.sure()
      try {
        return await book(connection, lease ?? (await again()), items)
      } catch (error) {
        if (ledger.isLeaseLost(error)) await again()
        throw error
      }
    },
    isRetryable: (error) =>
      ledger.isLeaseLost(error) || ['40001', '40P01'].includes((error as { code?: string }).code ?? ''),
    // The server's own codes have a digit; a socket's (`EPIPE`) have none.
    isUnknown: (error) =>
      !(error instanceof Refusal) && !/^(?=.*\d)[0-9A-Z]{5}$/.test((error as { code?: string }).code ?? ''),
    onBatch: ({ size, seconds }) => {
      if (!lease) return
      batchSize.observe({ lane: lease.lane }, size)
      batchSeconds.observe({ lane: lease.lane }, seconds)
    },
  })
  return {
    lane,
    held: () => lease !== undefined || frozen, // money that stands still is no reason to serve nobody
    async close() {
      clearInterval(renewal)
      await lane.close()
      if (lease) await ledger.returnLease(host.sql, lease).catch(() => {})
      await connection.end({ timeout: 5 })
    },
  }

  async function again(): Promise<ledger.Lease> {
    if (lease) host.log.warn({ lane: lease.lane }, 'the lane was lost; leasing another')
    lease = undefined
    lease = await leaseOne()
    if (!lease) throw ledger.moneyFrozen()
    return lease
  }

  /** None while money is frozen. */
  async function leaseOne(): Promise<ledger.Lease | undefined> {
    const found = await ledger.leaseLane(host.sql, newId('lan'))
    frozen = !found && (await ledger.isFrozen(host.sql))
    if (!found && !frozen)
      throw new Error('no lane is free: 64 are leased, by more processes than this database expects')
    return found
  }
}
