import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import type { Sql } from '../../core/host/database.ts'
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
/** Of its own receiver: the same is said by its sender to who follows this server, and then it is theirs. */
const isGone =
  /could not receive data from WAL stream: ERROR: +requested WAL segment [0-9A-F]{24} has already been removed/
const isParted = /Failed to rewind|forked off current database system timeline|is not in this server's history/

/**
 * A standby that was off until the primary had thrown away the log that it goes on with never follows again, and says so in its log alone. Where what it has
 * is an early part of what the primary has, it copies all data anew, which Patroni does, and refuses where nobody leads. Where it has more, that may be the
 * only trace of commits, and somebody has to look.
 */
export function keepUp(
  home: Home,
  { ports }: Settings,
  cluster: Cluster,
  say: (line: string) => void,
): { stop(): Promise<void> } {
  const { host, ask: port } = membersOf(cluster, ports)[cluster.node - 1]!
  const admin = connect(home, 'admin', 'postgres')
  let alone: { sinceMs: number; logBytes: number } | undefined
  let copiedMs = Number.NEGATIVE_INFINITY
  let refusal = ''
  const timer = setInterval(() => {
    void look().catch(() => {
      alone = undefined // it does not run, or is just copied: what it said before is of another life
    })
  }, lookMs)
  return {
    async stop() {
      clearInterval(timer)
      await admin.end({ timeout: 1 })
    },
  }

  async function look(): Promise<void> {
    if (!(await hearsOfNobody())) {
      alone = undefined
      refusal = ''
      return
    }
    const nowMs = performance.now()
    alone ??= { sinceMs: nowMs, logBytes: bytesOf(home.path(log)) }
    if (nowMs - alone.sinceMs < aloneMsMin || nowMs - copiedMs < againMs) return
    const said = writtenSince(home.path(log), alone.logBytes)
    if (!isGone.test(said)) return
    const why = (await whyPatroniMayNot()) ?? (await whyServerMayNot(said))
    if (why !== undefined) {
      if (why !== refusal)
        say(`The primary no longer has the log that this server goes on with, and nothing is copied: ${why}. ${page}`)
      refusal = why
      return
    }
    say('The primary no longer has the log that this server goes on with: all data are copied anew.')
    copiedMs = nowMs
    alone = undefined
    const { status, why: fault, body } = await askPatroni(home, { host, port }, 'POST', '/reinitialize', {})
    if (status !== 200) say(`Patroni does not copy the data: ${fault ?? body}. ${page}`)
  }

  /** False also where it does not run: then somebody else has to act. */
  async function hearsOfNobody(): Promise<boolean> {
    const [row] = await admin<[{ alone: boolean }]>`
      select pg_is_in_recovery() and not exists (select from pg_stat_wal_receiver where status = 'streaming') as alone`
    return row.alone
  }

  async function whyPatroniMayNot(): Promise<string | undefined> {
    const { status, body = '{}' } = await askPatroni(home, { host, port }, 'GET', '/patroni')
    if (status === undefined) return 'Patroni does not answer'
    return (JSON.parse(body) as { pause?: boolean }).pause === true ? 'Patroni is paused' : undefined
  }

  /** By the history that the leader has told all. */
  async function whyServerMayNot(said: string): Promise<string | undefined> {
    const { status, body = '[]' } = await askPatroni(home, { host, port }, 'GET', '/history')
    if (status !== 200) return 'Patroni does not tell which timelines there were'
    const lines = JSON.parse(body) as Array<[timeline: number, leftAt: number]>
    const history = lines.map(([timeline, at]) => ({ timeline, at: BigInt(at) }))
    return whatItAloneHas(admin, history, isParted.test(said))
  }
}

const page = 'ops/runbooks/failover.md#left-behind'

/** A timeline, and the byte of the log at which it was left for the next. */
export type Left = { timeline: number; at: bigint }

/**
 * Why a server may hold what the primary does not have; undefined where it surely holds no more: its timelines are those that the cluster has gone
 * through, and it stands before the point at which its own was left, if it was.
 *
 * @param history of the cluster, as its leader tells it
 * @param parted whether it has said itself that it can not follow
 */
export async function whatItAloneHas(
  admin: Sql,
  history: readonly Left[],
  parted: boolean,
): Promise<string | undefined> {
  if (parted) return 'it has parted from the primary'
  const [here] = await admin<[{ lsn: string; segmentBytes: string; files: string[]; history: string | null }]>`
    select greatest(pg_last_wal_replay_lsn(), (pg_control_checkpoint()).checkpoint_lsn)::text as lsn,
      (select setting from pg_settings where name = 'wal_segment_size') as "segmentBytes",
      (select array_agg(name) from pg_ls_waldir()) as files,
      (select pg_read_file('pg_wal/' || max(name)) from pg_ls_waldir() where name ~ '^[0-9A-F]{8}\\.history$') as history`
  const timeline = timelineAt(numberOf(here.lsn), BigInt(here.segmentBytes), here.files)
  if (timeline === undefined) return `nobody can say of which timeline its log up to ${here.lsn} is`
  const leftOf = (of: number) => history.find((each) => each.timeline === of)?.at
  // Two may have taken the same number for a timeline, each without the other.
  const own = leftIn(here.history ?? '')
  const other = own.find((each) => each.timeline < timeline && each.at !== leftOf(each.timeline))
  if (other) return `it left timeline ${other.timeline} elsewhere than the primary`
  const left = leftOf(timeline)
  if (left === undefined || numberOf(here.lsn) <= left) return undefined
  return `it has log up to ${here.lsn} of timeline ${timeline}, which the primary left before`
}

/** What one of PostgreSQL's files of history says. */
function leftIn(text: string): Left[] {
  return text.split('\n').flatMap((line) => {
    const [, timeline, lsn] = /^(\d+)\t([0-9A-F]+\/[0-9A-F]+)\t/.exec(line) ?? []
    return lsn === undefined ? [] : [{ timeline: Number(timeline), at: numberOf(lsn) }]
  })
}

/** What a server has read up to is of the newest timeline that it has this segment of; its own notes of that are older. */
function timelineAt(lsn: bigint, segmentBytes: bigint, files: readonly string[]): number | undefined {
  const segment = (lsn - 1n) / segmentBytes
  const each = 2n ** 32n / segmentBytes
  const name = [segment / each, segment % each].map((part) => part.toString(16).toUpperCase().padStart(8, '0')).join('')
  const timelines = files.filter((file) => file.length === 24 && file.endsWith(name)).map((file) => file.slice(0, 8))
  const newest = timelines.sort().at(-1)
  return newest === undefined ? undefined : Number.parseInt(newest, 16)
}

function numberOf(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/')
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
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
