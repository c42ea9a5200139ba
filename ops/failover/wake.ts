import { readFileSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { markOf, type ProcessMark } from '../appliance/processes.ts'
import type { Settings } from '../appliance/settings.ts'
import { type Cluster, membersOf } from './members.ts'
import { askPatroni, timings } from './patroni.ts'

const lookMs = 500
/** Longer than until another leads when a machine is lost; then Patroni looks when its time has come. */
const wakesMax = 60

/**
 * Patroni looks after its server every `loop_wait` seconds, and money would wait as long: for the next primary when one was killed, and for a standby
 * to follow it, without which nothing is acknowledged. Who sees either at once makes it look: a change of its settings that changes nothing wakes
 * it. What is to be done then it decides by its own rules.
 */
export function keepAwake(
  home: Home,
  { ports }: Settings,
  cluster: Cluster,
  say: (line: string) => void,
): { stop(): Promise<void> } {
  const own = membersOf(cluster, ports)[cluster.node - 1]!
  const admin = connect(home, 'admin', 'postgres')
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
    else if (wakes-- > 0)
      await askPatroni(home, { host: own.host, port: own.ask }, 'PATCH', '/config', { loop_wait: timings.loop_wait })
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

  /** A standby that hears of no primary. */
  async function isAlone(): Promise<boolean> {
    try {
      const [row] = await admin<[{ alone: boolean }]>`
        select pg_is_in_recovery() and not exists (select from pg_stat_wal_receiver where status = 'streaming') as alone`
      return row.alone
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
