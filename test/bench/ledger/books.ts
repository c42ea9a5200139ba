import * as ledger from '#ledger'
import { openDatabase, type Sql } from '../../../core/host/database.ts'
import { migrate } from '../../../core/host/migrations.ts'
import type { Cluster } from '../../support/cluster.ts'

export const wallets = 100_000

/** A database of the cluster with our schema and funded wallets. */
export async function openBooks(cluster: Cluster, name: string, count = wallets): Promise<Sql> {
  const admin = openDatabase({ ...cluster, database: 'postgres', user: 'postgres', password: '', poolMax: 1 })
  await admin.unsafe(`create database ${name} owner countroom_owner`)
  await admin.end()
  const owner = openDatabase({ ...cluster, database: name, user: 'countroom_owner', password: '', poolMax: 1 })
  await migrate(owner)
  const sql = openDatabase({ ...cluster, database: name, user: 'countroom_app', password: '', poolMax: 64 })
  await sql`
    insert into ledger.wallets (player, currency, opened_at) select 'plr_' || n, 'EUR', now() from generate_series(1, ${count}::int) n`
  await fund(sql, count)
  await owner`vacuum analyze`
  await owner.end()
  return sql
}

/** What all of these wallets play with. */
export async function fund(sql: Sql, count: number): Promise<void> {
  const lease = (await ledger.leaseLane(sql, 'funding'))!
  for (let first = 1; first <= count; first += 5000)
    await ledger.postBatch(
      sql,
      lease,
      new Date(),
      Array.from({ length: Math.min(5000, count - first + 1) }, (_, i) => ({
        wallet: BigInt(first + i),
        key: 'fund',
        kind: 'deposit',
        legs: [{ from: { house: 'gateway.clearing' as const }, to: { pocket: 'cash' as const }, amount: 1_000_000n }],
      })),
    )
  await ledger.returnLease(sql, lease)
}

/** Transfers of the past, so many for each wallet, by the same function that books all others. */
export async function fillPast(sql: Sql, count: number, each: number): Promise<void> {
  for (let round = 1; round <= each; round++) await fillRound(sql, count, round)
}

/** One more for each wallet, or for those from a number on; rounds have numbers. */
export async function fillRound(sql: Sql, count: number, round: number, from = 1): Promise<void> {
  const lease = (await ledger.leaseLane(sql, `past-${round}-${from}`))!
  for (let first = from; first <= count; first += 20_000)
    await sql.unsafe(
      `select count(*) from ledger.post($1::smallint, $2, now() - interval '1 hour',
         (select array_agg((n - $3 + 1)::int order by n) from generate_series($3::bigint, $4) n), (select array_agg(n order by n) from generate_series($3::bigint, $4) n),
         (select array_agg('past-${round}-' || md5(n::text) order by n) from generate_series($3::bigint, $4) n), (select array_agg(md5(n::text)::uuid) from generate_series($3::bigint, $4) n),
         array_fill('round'::text, array[$5::int]), array_fill(''::text, array[$5::int]), array_fill(''::text, array[$5::int]),
         array_fill('cash'::text, array[$5::int]), array_fill('games.revenue'::text, array[$5::int]), array_fill(10::bigint, array[$5::int]), false)`,
      [lease.lane, lease.holder, first, Math.min(first + 19_999, count), Math.min(20_000, count - first + 1)],
    )
  await ledger.returnLease(sql, lease)
}

/**
 * Makes segments of the log and lets a checkpoint keep them, as on a server that has run for a while: otherwise each new one
 * is written full of zeros and flushed while everybody waits.
 */
export async function runInLog(cluster: Cluster): Promise<void> {
  const admin = openDatabase({ ...cluster, database: 'postgres', user: 'postgres', password: '', poolMax: 1 })
  for (let segment = 0; segment < 120; segment++) {
    await admin`select pg_logical_emit_message(false, 'bench', 'begin a segment')`
    await admin`select pg_switch_wal()`
  }
  await admin`checkpoint`
  await admin.end()
}

/** Bytes of tables and indexes that transfers grow, and how many transfers there are. */
export async function sizeOf(sql: Sql): Promise<{ bytes: number; transfers: number }> {
  const [row] = await sql<Array<{ bytes: string; transfers: string }>>`
    select sum(pg_total_relation_size(c.oid))::text as bytes, (select count(*) from ledger.transfers)::text as transfers
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'ledger' and c.relkind = 'r' and c.relname not in ('accounts', 'lanes')`
  return { bytes: Number(row?.bytes), transfers: Number(row?.transfers) }
}

/** How many of the wallets' updates left the indexes alone, in percent. */
export async function hotShare(sql: Sql): Promise<number> {
  const [row] = await sql<Array<{ share: number }>>`
    select (100.0 * n_tup_hot_upd / n_tup_upd)::float8 as share from pg_stat_user_tables where relid = 'ledger.wallets'::regclass`
  return row?.share ?? Number.NaN
}

/** The settings a figure must be read with. */
export async function settingsOf(sql: Sql): Promise<string> {
  const [row] = await sql<Array<{ settings: string }>>`
    select string_agg(name || ' ' || current_setting(name), ', ' order by name) as settings from pg_settings
    where name in ('fsync', 'synchronous_commit', 'full_page_writes', 'wal_level', 'wal_sync_method', 'shared_buffers', 'max_wal_size', 'commit_delay')`
  return row?.settings ?? ''
}

export async function walPosition(sql: Sql): Promise<number> {
  const [row] = await sql<Array<{ bytes: string }>>`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::text as bytes`
  return Number(row?.bytes)
}
