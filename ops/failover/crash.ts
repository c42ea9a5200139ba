import { readFileSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { markOf, type ProcessMark } from '../appliance/processes.ts'
import type { Settings } from '../appliance/settings.ts'
import { type Cluster, membersOf } from './members.ts'
import { askPatroni, timings } from './patroni.ts'

const lookMs = 200

/**
 * Patroni looks after its server every `loop_wait` seconds, and money would wait as long for one that was killed. Who sees that at once makes it
 * look: a change of its settings that changes nothing wakes it. What is to be done then it decides by its own rules.
 */
export function keepCrashWatch(
  home: Home,
  { ports }: Settings,
  cluster: Cluster,
  say: (line: string) => void,
): { stop(): void } {
  const own = membersOf(cluster, ports)[cluster.node - 1]!
  let seen: ProcessMark | undefined
  const timer = setInterval(() => {
    const pid = serverOf(home)
    const mark = pid === undefined ? undefined : markOf(pid)
    const killed = seen !== undefined && seen.pid === pid && mark?.born !== seen.born // one that ends in order takes its file along
    seen = mark
    if (!killed) return
    say('The PostgreSQL server of this node was killed; Patroni is told at once.')
    const agent = { host: own.host, port: own.ask }
    void askPatroni(home, agent, 'PATCH', '/config', { loop_wait: timings.loop_wait }) // unanswered, it looks when its time has come
  }, lookMs)
  return { stop: () => clearInterval(timer) }
}

/** The process that its own note names, whether it still is or not. */
function serverOf(home: Home): number | undefined {
  try {
    return Number(readFileSync(home.path('pg/postmaster.pid'), 'utf8').split('\n')[0])
  } catch {
    return undefined
  }
}
