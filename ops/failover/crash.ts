import { readFileSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { markOf, type ProcessMark } from '../appliance/processes.ts'
import type { Settings } from '../appliance/settings.ts'
import { type Cluster, membersOf } from './members.ts'
import { askPatroni, timings } from './patroni.ts'

const lookMs = 500
/** Then Patroni looks by itself. */
const wakesMax = (timings.loop_wait * 1000) / lookMs

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
  let wakes = 0
  const timer = setInterval(() => {
    const pid = serverOf(home)
    const mark = pid === undefined ? undefined : markOf(pid)
    if (mark || pid === undefined)
      wakes = 0 // it runs again, or ended in order and took its note along
    else if (seen?.pid === pid) {
      say('The PostgreSQL server of this node was killed; Patroni is told at once.')
      wakes = wakesMax
    }
    seen = mark
    if (wakes > 0) wake()
  }, lookMs)
  return { stop: () => clearInterval(timer) }

  /** More than once: until somebody has taken the dead process away, Patroni takes it for a living one. */
  function wake(): void {
    wakes--
    void askPatroni(home, { host: own.host, port: own.ask }, 'PATCH', '/config', { loop_wait: timings.loop_wait })
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
