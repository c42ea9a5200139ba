import { randomUUID } from 'node:crypto'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { viewHome } from '../../ops/appliance/home.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import type { BettorTask, LocalBet } from './bettor.ts'
import { primaryOf } from './faults.ts'
import type { Lab, LabNode } from './lab.ts'
import { kill, node as nodeBinary } from './network.ts'

/** A row that a node's own server was asked to keep, and the timeline it was on if it acknowledged it; times in milliseconds since 1970. */
export type LocalWrite = { id: string; node: number; askedAt: number; answeredAt: number; timeline?: string }

/** What came of writing to each node's own server and of betting at its own core. */
export type Locals = {
  writes: LocalWrite[]
  bets: Array<LocalBet & { node: number }>
}

const everyMs = 200
const table = 'lab_writes' // in the database of nobody

/**
 * Somebody sits at each node and asks its own server and its own core, all the time: a cluster has one writer only if no other is one for those
 * who reach nobody else.
 */
export async function openLocals(lab: Lab): Promise<{ stop(): Promise<Locals> }> {
  let writing = true
  const writes: LocalWrite[] = []
  const first = connectTo(await primaryOf(lab))
  await first.unsafe(`create table if not exists ${table} (id text primary key)`)
  await first.end({ timeout: 5 })
  const pools = lab.nodes.map((each) => ({ each, sql: connectTo(each) }))
  const writers = pools.map(({ each, sql }) => keepWriting(each, sql))
  const bettors = lab.nodes.map((each, i) => startBettor(lab, each, lab.cookies[i % lab.cookies.length]!))
  return {
    async stop() {
      writing = false
      for (const { child } of bettors) if (child.pid) kill(child.pid, 'SIGTERM') // which is handed on to who bets
      await Promise.all(pools.map(({ sql }) => sql.end({ timeout: 1 })))
      await Promise.all(writers)
      return { writes, bets: bettors.flatMap(({ number, log }) => readBets(log, number)) }
    },
  }

  async function keepWriting({ number }: LabNode, sql: ReturnType<typeof connectTo>): Promise<void> {
    while (writing) {
      const id = randomUUID()
      const askedAt = Date.now()
      const row = await insert(sql, id).catch(() => ({})) // a standby, or a server that is away
      writes.push({ id, node: number, askedAt, answeredAt: Date.now(), ...row })
      await new Promise((resolve) => setTimeout(resolve, everyMs))
    }
  }
}

async function insert(sql: ReturnType<typeof connectTo>, id: string): Promise<{ timeline: string }> {
  const [row] = await sql<[{ timeline: string }]>`
    insert into ${sql(table)} (id) values (${id}) returning left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) as timeline`
  return row
}

/** Acknowledged, and not with whoever leads now. */
export async function lostWrites(lab: Lab, writes: readonly LocalWrite[]): Promise<string[]> {
  const sql = connectTo(await primaryOf(lab))
  try {
    const rows = await sql<Array<{ id: string }>>`select id from ${sql(table)}`
    const kept = new Set(rows.map(({ id }) => id))
    return writes.filter(({ id, timeline }) => timeline !== undefined && !kept.has(id)).map(({ id }) => id)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** Writes that a server acknowledged although another was acknowledging on a newer timeline before it was asked: a second writer. */
export function secondWriters(writes: readonly LocalWrite[]): LocalWrite[] {
  const beganMs = new Map<string, number>() // of each timeline, when something on it was acknowledged first
  for (const { timeline, answeredAt } of writes)
    if (timeline !== undefined) beganMs.set(timeline, Math.min(answeredAt, beganMs.get(timeline) ?? answeredAt))
  return writes.filter(({ timeline, askedAt }) =>
    [...beganMs].some(([newer, began]) => timeline !== undefined && newer > timeline && began < askedAt),
  )
}

/** The server of that node, whoever leads. */
function connectTo({ home }: LabNode) {
  return connect(viewHome(home), 'admin', 'postgres')
}

function startBettor(lab: Lab, { number, machine, home }: LabNode, cookie: string) {
  const edgeHome = lab.edges[0]!.home
  const { cores } = JSON.parse(readFileSync(join(edgeHome, 'run/edge.json'), 'utf8')) as {
    cores: Array<{ name: string; player: { host: string; port: number } }>
  }
  const { name, player } = cores.find((core) => core.player.host === machine.address)!
  const task: BettorTask = { edgeHome, core: name, ...player, cookie }
  const log = `${home}-bets.log` // not on its disk, which may be full
  const script = join(import.meta.dirname, 'bettor.ts')
  const child = machine.start(nodeBinary, [script, JSON.stringify(task)], {}, openSync(log, 'w'))
  return { number, log, child }
}

function readBets(log: string, number: number): Locals['bets'] {
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1) // the last is empty, or was cut by its end
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line) => ({ ...(JSON.parse(line) as LocalBet), node: number }))
}
