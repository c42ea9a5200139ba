import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import type { Settings } from '../appliance/settings.ts'
import { type Cluster, membersOf } from './members.ts'
import { askPatroni } from './patroni.ts'

const lookMs = 10_000
/** As long as it takes a primary that was just promoted to be found, several times over. */
const aloneMsMin = 60_000
const againMs = 3_600_000
const tailBytesMax = 64 * 1024
/** The server's log, which Patroni writes on. */
const log = 'log/patroni.log'
const isGone = /requested WAL segment [0-9A-F]{24} has already been removed/

/**
 * A standby that was off until the primary had thrown away the log that it goes on with never follows again, and says so in its log alone. What it has
 * is an early part of what the primary has: it copies all data anew, which Patroni does, and refuses where nobody leads.
 */
export function keepUp(
  home: Home,
  { ports }: Settings,
  cluster: Cluster,
  say: (line: string) => void,
): { stop(): Promise<void> } {
  const own = membersOf(cluster, ports)[cluster.node - 1]!
  const admin = connect(home, 'admin', 'postgres')
  let alone: { sinceMs: number; logBytes: number } | undefined
  let copiedMs = Number.NEGATIVE_INFINITY
  const timer = setInterval(() => void look().catch(() => {}), lookMs)
  return {
    async stop() {
      clearInterval(timer)
      await admin.end({ timeout: 1 })
    },
  }

  async function look(): Promise<void> {
    if (!(await hearsOfNobody())) {
      alone = undefined
      return
    }
    const nowMs = performance.now()
    alone ??= { sinceMs: nowMs, logBytes: bytesOf(home.path(log)) }
    if (nowMs - alone.sinceMs < aloneMsMin || nowMs - copiedMs < againMs) return
    if (!isGone.test(writtenSince(home.path(log), alone.logBytes))) return
    copiedMs = nowMs
    say('The primary no longer has the log that this server goes on with: all data are copied anew.')
    const { status, why, body } = await askPatroni(home, { host: own.host, port: own.ask }, 'POST', '/reinitialize', {})
    if (status !== 200) say(`Patroni does not copy the data: ${why ?? body}. ops/runbooks/failover.md#left-behind`)
  }

  /** False also where it does not run: then somebody else has to act. */
  async function hearsOfNobody(): Promise<boolean> {
    const [row] = await admin<[{ alone: boolean }]>`
      select pg_is_in_recovery() and not exists (select from pg_stat_wal_receiver where status = 'streaming') as alone`
    return row.alone
  }
}

function bytesOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0
}

/** The end of what was written after so many bytes; all of it where the file was begun anew. */
function writtenSince(file: string, bytes: number): string {
  const size = bytesOf(file)
  const from = Math.max(size < bytes ? 0 : bytes, size - tailBytesMax)
  const buffer = Buffer.alloc(size - from)
  if (buffer.length === 0) return ''
  const descriptor = openSync(file, 'r')
  try {
    return buffer.toString('latin1', 0, readSync(descriptor, buffer, 0, buffer.length, from))
  } finally {
    closeSync(descriptor)
  }
}
