import { readFileSync } from 'node:fs'
import { textArray } from '#base'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { sitesOf } from './members.ts'

/** How far a second site has followed the first. */
export type Following = {
  at: string
  /** When the first site was last heard of; null before the first time, and where another node of this site has always been the one that hears. */
  heardAt: string | null
  /** When, by the first site's clock, the last transaction was committed that is here. */
  lastCommit: string | null
  /** Bytes of the log that the first site has told of and that are not replayed here. */
  lagBytes: number | null
  /** The time for which it is not known that everything is here: what the first site's end would cost at most, at this moment. */
  behindSeconds: number | null
}

/** Kept while it follows, since nobody can be asked any more when it matters. */
const file = 'run/follows.json'

type Row = { commit: Date | null; heard: Date | null; bytes: string | null }

/**
 * Looks, and keeps what was seen; what only a living connection tells stays as it was when that has ended. Only one to the first site counts: where this
 * site has several nodes, all but one hear from that one, however long the way to the first is cut.
 */
export async function noteFollowing(home: Home, now = new Date()): Promise<Following> {
  const before = readFollowing(home)
  const first = (sitesOf(home)?.other?.members ?? []).map(({ host }) => host)
  const admin = connect(home, 'admin', 'postgres')
  try {
    const [row] = await admin<Row[]>`
      select pg_last_xact_replay_timestamp() as commit, r.last_msg_receipt_time as heard,
        case when r.pid is not null then greatest(0, pg_wal_lsn_diff(r.latest_end_lsn, pg_last_wal_replay_lsn())) end::text as bytes
      from (select 1) as one left join pg_stat_wal_receiver r
        on r.status = 'streaming' and r.sender_host = any (${textArray(first)}::text[])`
    const { commit = null, heard = null, bytes = null } = row ?? {}
    const heardAt = heard?.toISOString() ?? before?.heardAt ?? null
    const lagBytes = bytes === null ? (before?.lagBytes ?? null) : Number(bytes)
    const lastCommit = commit?.toISOString() ?? before?.lastCommit ?? null
    const since = lagBytes === 0 ? later(heardAt, lastCommit) : lastCommit
    const following = {
      at: now.toISOString(),
      heardAt,
      lastCommit,
      lagBytes,
      behindSeconds: since === null ? null : Math.max(0, (now.getTime() - Date.parse(since)) / 1000),
    }
    home.write(file, `${JSON.stringify(following)}\n`, 0o644)
    return following
  } finally {
    await admin.end({ timeout: 2 })
  }
}

export function readFollowing(home: Home): Following | undefined {
  return home.has(file) ? (JSON.parse(readFileSync(home.path(file), 'utf8')) as Following) : undefined
}

/** For people. */
export function wordsOfFollowing({ heardAt, lastCommit, lagBytes, behindSeconds }: Following): string {
  if (lastCommit === null) return 'It has not heard of the first site yet.'
  const bytes = lagBytes === null ? '' : ` (${lagBytes} bytes)`
  const heard =
    heardAt === null ? 'another node here hears of the first site' : `last heard of the first site ${heardAt}`
  return `${behindSeconds?.toFixed(1)} s behind${bytes}, ${heard}, last commit ${lastCommit}`
}

function later(heardAt: string | null, lastCommit: string | null): string | null {
  if (heardAt === null || lastCommit === null) return heardAt ?? lastCommit
  return Date.parse(heardAt) > Date.parse(lastCommit) ? heardAt : lastCommit
}
