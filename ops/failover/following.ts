import { readFileSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'

/** How far a second site has followed the first. */
export type Following = {
  at: string
  /** When the first site was last heard of; null before the first time. */
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

/** Looks, and keeps what was seen; what only a living connection tells stays as it was when that has ended. */
export async function noteFollowing(home: Home, now = new Date()): Promise<Following> {
  const before = readFollowing(home)
  const admin = connect(home, 'admin', 'postgres')
  try {
    const [row] = await admin<Row[]>`
      select pg_last_xact_replay_timestamp() as commit, r.last_msg_receipt_time as heard,
        greatest(0, pg_wal_lsn_diff(r.latest_end_lsn, pg_last_wal_replay_lsn()))::text as bytes
      from (select 1) as one left join pg_stat_wal_receiver r on r.status = 'streaming'`
    const { commit = null, heard = null, bytes = null } = row ?? {}
    const heardAt = heard?.toISOString() ?? before?.heardAt ?? null
    const lagBytes = bytes === null ? (before?.lagBytes ?? null) : Number(bytes)
    const lastCommit = commit?.toISOString() ?? before?.lastCommit ?? null
    const since = lagBytes === 0 ? heardAt : lastCommit
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

/** For people; undefined where this home follows nobody. */
export function wordsOfFollowing({ heardAt, lastCommit, lagBytes, behindSeconds }: Following): string {
  if (heardAt === null) return 'It has not heard of the first site yet.'
  return `${behindSeconds?.toFixed(1)} s behind (${lagBytes} bytes), last heard of the first site ${heardAt}, last commit ${lastCommit}`
}
