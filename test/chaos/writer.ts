import { openSync, writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { createLanes, Refusal } from '#base'
import * as ledger from '#ledger'
import { openDatabase } from '../../core/host/database.ts'
import { createLog } from '../../core/host/log.ts'
import { openLane } from '../../core/host/play.ts'
import { ask, type Order, type Receipt, type Way } from './order.ts'

/**
 * A process that writes to the books until it is told to end, over lanes as a core process leases them, and keeps a journal:
 * a line before it asks and a line when it is told. The lines are with the kernel before the next step, so they outlive it.
 */
export type Task = {
  name: string
  database: { host: string; port: number; database: string }
  journal: string
  lanes: number
  callers: number
  wallets: readonly string[]
  /** Drawn from evenly; name one twice and it comes twice as often. */
  ways: ReadonlyArray<Exclude<Way, 'capture' | 'release'>>
  /** How many orders each caller makes; until told to end without it. */
  each?: number
  stake?: string
}

export type Line =
  | { asked: Order }
  | { told: string; receipt: Receipt }
  /** Certainly not booked. */
  | { refused: string; code: string }
  | { unknown: string; code: string }

const task = JSON.parse(process.argv[2]!) as Task
const journal = openSync(task.journal, 'a')
const write = (line: Line) => writeSync(journal, `${JSON.stringify(line)}\n`)
const log = createLog(task.name, 'silent')
const address = { ...task.database, user: 'countroom_app', password: '' }
const sql = openDatabase({ ...address, poolMax: 6, name: task.name })
const config = {
  name: task.name,
  lanes: { count: task.lanes, batchMax: 128, queueMax: 4096, deadlineMs: 5000 },
}
const opened = await Promise.all(
  Array.from({ length: task.lanes }, () =>
    openLane<ledger.Transfer, ledger.PostResult>({ config, database: address, sql, log }, (connection, lease, items) =>
      ledger.postBatch(connection, lease, new Date(), items),
    ),
  ),
)
const lane = createLanes(opened.map((each) => each.lane))

let ending = false
process.once('SIGTERM', () => {
  ending = true
})
let serial = 0
await Promise.all(Array.from({ length: task.callers }, keepAsking))
await lane.close()
await Promise.all(opened.map((each) => each.close()))
await sql.end({ timeout: 5 })

async function keepAsking(): Promise<void> {
  for (let made = 0; !ending && made < (task.each ?? Number.POSITIVE_INFINITY); made++)
    for (const order of nextOrders()) await tell(order)
}

async function tell(order: Order): Promise<void> {
  write({ asked: order })
  try {
    write({ told: order.key, receipt: await ask({ lane, sql }, order) })
  } catch (error) {
    const code = String((error as { code?: string }).code ?? error)
    // Of what a room or the lane refuses, nothing was done; of a transaction that threw anything else nobody knows.
    if (error instanceof Refusal && code !== 'base.outcome_unknown') write({ refused: order.key, code })
    else write({ unknown: order.key, code })
    await pause(20)
  }
}

function nextOrders(): Order[] {
  const wallet = task.wallets[Math.floor(Math.random() * task.wallets.length)]!
  const way = task.ways[Math.floor(Math.random() * task.ways.length)]!
  const name = `${task.name}-${++serial}`
  const stake = task.stake ?? String(1 + Math.floor(Math.random() * 9))
  if (way === 'hold') {
    const then = Math.random() < 0.5 ? 'capture' : 'release'
    return [
      { way, wallet, key: `hold:${name}`, stake, hold: name },
      { way: then, wallet, key: `${then}:${name}`, stake, hold: name },
    ]
  }
  if (way === 'reversal')
    return [
      { way: 'lane', wallet, key: name, stake },
      { way, wallet, key: `reverse:${name}`, stake, of: name },
    ]
  return [
    {
      way,
      wallet,
      key: name,
      stake,
      ...(task.stake || Math.random() < 0.5 ? {} : { win: String(1 + Math.floor(Math.random() * 18)) }),
    },
  ]
}
