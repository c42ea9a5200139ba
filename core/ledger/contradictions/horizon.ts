import type postgres from 'postgres'
import type { Reader } from '#base'

/** How far a proof looks. */
export type Horizon = {
  /** From when on what was booked is looked at. */
  since: Date
  /** From when on each transfer must still have its key. */
  keysSince: Date
  now: Date
  /** Detached months that are still in the database; empty unless the whole is proven. */
  archived: readonly string[]
}

/** A query for what cannot be: a row for each, its `bad` names it, the first comes first. None where it has nothing to look at. */
export type Contradiction = {
  name: string
  find(reader: Reader, horizon: Horizon): postgres.PendingQuery<postgres.Row[]> | undefined
}

/** Before this nothing was booked: a proof from here on is the whole proof, and leaves nothing out for being old. */
export const beginning = new Date('1970-01-01T00:00:00Z')

export function isWhole({ since }: Pick<Horizon, 'since'>): boolean {
  return since <= beginning
}

/** The wallets something new was booked on; nothing else moves money, so a proof of the new looks at no others. */
export function isTouched(sql: Reader, { since }: Horizon, wallet: 'w.wallet' | 'h.wallet' | 'o.wallet') {
  if (isWhole({ since })) return sql`true`
  return sql`${sql(wallet)} in (select wallet from ledger.postings where at >= ${since})`
}

/** Every posting that is in the database, in its month or detached from it. */
export function postingsAnywhere(sql: Reader, { since, archived }: Horizon) {
  const columns = sql`wallet, version, transfer, source, target, amount, cash, bonus, held, kind, reference, at, lane, batch`
  return archived.reduce(
    (all, name) => sql`${all} union all select ${columns} from ledger.${sql(name)}`,
    sql`select ${columns} from ledger.postings where at >= ${since}`,
  )
}

/**
 * Postings from the first of each wallet that is new, and beside that one what stood before it (`version_first`, `cash_first` and so on): the posting before, or the
 * opening that detached months left. Where the whole is proven, nothing but an opening can.
 */
export function postingsWithFirst(sql: Reader, horizon: Horizon) {
  const before = (of: 'b' | 'o') => {
    const from = sql(of)
    return sql`${from}.version as version_first, ${from}.cash as cash_first, ${from}.bonus as bonus_first, ${from}.held as held_first`
  }
  if (isWhole(horizon))
    return sql`
      select p.*, ${before('o')} from ledger.postings p
      left join ledger.openings o on o.wallet = p.wallet and o.version = p.version - 1`
  return sql`
    select p.*, ${before('b')} from (
      -- Whatever instant the later ones carry: two writers' clocks differ.
      select p.*, p.version = n.version as first from ledger.postings p
      join (select wallet, min(version) as version from ledger.postings where at >= ${horizon.since} group by wallet) n
        on n.wallet = p.wallet and p.version >= n.version
    ) p
    left join lateral (
      select version, cash, bonus, held from ledger.postings o where p.first and o.wallet = p.wallet and o.version = p.version - 1
      union all
      select version, cash, bonus, held from ledger.openings o where p.first and o.wallet = p.wallet and o.version = p.version - 1
      limit 1
    ) b on p.first`
}

/**
 * The house's entries of batches from an instant on. A batch adds at most one entry to an account of its lane, so as many of
 * the newest entries as the lane had batches since the first new one hold them all; those are found by their key.
 */
export function newEntries(sql: Reader, horizon: Horizon) {
  if (isWhole(horizon)) return sql`select * from ledger.house_entries`
  return sql`
    select e.* from ledger.house h
    join (
      select l.lane, l.batch - min(b.batch) + 1 as batches from ledger.lanes l
      join ledger.batches b on b.lane = l.lane where b.at >= ${horizon.since} group by l.lane, l.batch
    ) n on n.lane = h.lane
    join ledger.house_entries e
      on e.lane = h.lane and e.account = h.account and e.currency = h.currency and e.version > h.version - n.batches`
}
