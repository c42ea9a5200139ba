import type { Reader, Tx } from '#base'

/** How long a key keeps its promise at least; the database refuses to forget sooner. */
export const keyDaysMin = 120

/**
 * Makes the months of postings to come, and those of postings that no month took (a clock gone wrong), which would keep older
 * months from being detached; answers their names. Safe to repeat.
 */
export async function makePartitions(tx: Tx, now: Date, monthsAhead: number): Promise<string[]> {
  const rows = await tx<Array<{ name: string }>>`
    select ledger.make_partition(month) as name from (
      select (date_trunc('month', ${now}::timestamptz at time zone 'UTC') + make_interval(months => n))::date as month
      from generate_series(0, ${monthsAhead}::int) n
      union
      select date_trunc('month', at at time zone 'UTC')::date from ledger.postings_other where at < ${now}
    ) months order by month`
  return rows.map((row) => row.name)
}

/** Has the server look at all months of postings together, by which it plans whoever reads over several of them. */
export async function refreshStatistics(tx: Tx): Promise<void> {
  await tx`select ledger.refresh_statistics()`
}

/** Forgets keys from before an instant, some at a time; answers how many. */
export async function expireKeys(tx: Tx, before: Date, countMax: number): Promise<number> {
  const [row] = await tx<Array<{ expired: number }>>`select ledger.expire_keys(${before}, ${countMax}) as expired`
  return row?.expired ?? 0
}

/** The months whose postings are attached, oldest first, as dates of their first day. */
export async function attachedMonths(reader: Reader): Promise<string[]> {
  const rows = await reader<Array<{ month: string }>>`
    select replace(substring(relname from 'postings_(\\d{4}_\\d{2})$'), '_', '-') || '-01' as month
    from pg_inherits join pg_class on pg_class.oid = inhrelid
    where inhparent = 'ledger.postings'::regclass and relname ~ '^postings_\\d{4}_\\d{2}$' order by 1`
  return rows.map((row) => row.month)
}

/** The months to be detached, oldest first, so that so many whole ones before the present one stay at hand. */
export async function monthsPast(reader: Reader, now: Date, monthsAttached: number): Promise<string[]> {
  const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsAttached))
  return (await attachedMonths(reader)).filter((month) => month < first.toISOString().slice(0, 10))
}

/**
 * Detaches the oldest month of postings into a table of its own, to be kept elsewhere. Keys and proof stay whole: the opening
 * balances and the last batches are kept. Answers the table's name.
 *
 * @throws PostgresError CR002 when the month is younger than the promise of its keys, CR003 when it is not the oldest
 */
export async function detachMonth(tx: Tx, month: string): Promise<string> {
  const [row] = await tx<Array<{ name: string }>>`select ledger.detach_partition(${month}::date) as name`
  return row!.name
}
