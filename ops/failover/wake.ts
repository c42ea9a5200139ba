import { readFileSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { markOf, type ProcessMark } from '../appliance/processes.ts'
import type { Settings } from '../appliance/settings.ts'
import { watchStandby } from './lost-standby.ts'
import { type Cluster, membersOf } from './members.ts'
import { askPatroni } from './patroni.ts'

const lookMs = 250
/** Longer than until another leads when a machine is lost; then Patroni looks when its time has come. */
const wakesMax = 120
/** A change that changes nothing, and does not set anew what an operator has set: a setting that there is not is taken away. */
const nothing = { woken: null }

/**
 * Patroni looks after its server every `loop_wait` seconds, and money would wait as long: for the next primary when one was killed, for a standby
 * to follow it, and for another synchronous standby when that one is gone, without which nothing is acknowledged. Who sees any of these at
 * once makes it look: a change of its settings wakes it. What is to be done then it decides by its own rules.
 */
export function keepAwake(
  home: Home,
  { ports }: Settings,
  cluster: Cluster,
  say: (line: string) => void,
): { stop(): Promise<void> } {
  const own = membersOf(cluster, ports)[cluster.node - 1]!
  const admin = connect(home, 'admin', 'postgres')
  const standby = watchStandby(own.ask)
  let seen: ProcessMark | undefined
  let killed = false
  let wakes = wakesMax
  let looking = false
  const timer = setInterval(() => {
    if (!looking) void look()
  }, lookMs)
  return {
    async stop() {
      clearInterval(timer)
      await admin.end({ timeout: 1 })
    },
  }

  async function look(): Promise<void> {
    looking = true
    noteServer()
    if (!killed && !(await isAlone())) wakes = wakesMax
    else if (wakes-- > 0) await askPatroni(home, { host: own.host, port: own.ask }, 'PATCH', '/config', nothing)
    looking = false
  }

  function noteServer(): void {
    const pid = serverOf(home)
    const mark = pid === undefined ? undefined : markOf(pid)
    if (mark || pid === undefined)
      killed = false // it runs again, or ended in order and took its note along
    else if (seen?.pid === pid) {
      killed = true
      say('The PostgreSQL server of this node was killed; Patroni is told at once.')
    }
    seen = mark
  }

  /** A standby that hears of no primary, or a primary that waits for a standby which is not there. */
  async function isAlone(): Promise<boolean> {
    try {
      const [row] = await admin<[{ follows: boolean; isAlone: boolean }]>`
        select pg_is_in_recovery() as follows, case
          when pg_is_in_recovery() then not exists (select from pg_stat_wal_receiver where status = 'streaming')
          else current_setting('synchronous_standby_names') <> ''
            and not exists (select from pg_stat_replication where sync_state in ('sync', 'quorum') and state = 'streaming')
          end as "isAlone"`
      if (row.follows || row.isAlone) return row.isAlone
      const lost = await standby.look(admin)
      if (lost !== undefined) say(`The machine of the synchronous standby, ${lost}, is gone; Patroni is told at once.`)
      return lost !== undefined
    } catch {
      return false // it does not run, and somebody knows
    }
  }
}

/** The process that its own note names, whether it still is or not. */
function serverOf(home: Home): number | undefined {
  try {
    return Number(readFileSync(home.path('pg/postmaster.pid'), 'utf8').split('\n')[0])
  } catch {
    return undefined
  }
}
