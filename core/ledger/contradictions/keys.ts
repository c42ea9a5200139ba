import { type Contradiction, postingsAnywhere } from './horizon.ts'

/** Keys and what was done under them. */
export const keys: readonly Contradiction[] = [
  {
    name: 'every transfer has its key, and its postings are as many and end as it says',
    find: (sql, horizon) => sql`
      select format('wallet %s, transfer %s', coalesce(t.wallet, p.wallet), coalesce(t.transfer, p.transfer)) as bad
      from (select * from ledger.transfers where at >= ${horizon.since} and legs <> 0) t
      full join (
        -- Arrays compare by their first element, so the greatest is what the last posting left.
        select wallet, transfer, min(at) as at, max(at) as at_max, min(lane) as lane, min(batch) as batch, count(*) as legs,
          min(version) as version_first, max(array[version, cash, bonus, held]) as last
        from (${postingsAnywhere(sql, horizon)}) p group by wallet, transfer
      ) p on p.wallet = t.wallet and p.transfer = t.transfer
      left join ledger.openings o on o.wallet = t.wallet
      where case
        when t.wallet is null then p.at >= ${horizon.keysSince}
        when p.wallet is null then t.version > coalesce(o.version, 0)
        else (t.legs, t.version, t.cash, t.bonus, t.held, t.at, t.lane, t.batch)
          is distinct from (p.legs, p.last[1], p.last[2], p.last[3], p.last[4], p.at, p.lane, p.batch)
          or p.at <> p.at_max or p.last[1] - p.version_first + 1 <> p.legs
        end
      order by 1`,
  },
  {
    name: 'a tombstone marks a key and nothing else',
    find: (sql, { since }) => sql`
      select format('wallet %s, key %s', t.wallet, t.key) as bad from ledger.transfers t
      left join ledger.wallets w on w.wallet = t.wallet
      left join ledger.postings p on p.wallet = t.wallet and p.version = t.version
      left join ledger.openings o on o.wallet = t.wallet
      left join ledger.batches b on b.lane = t.lane and b.batch = t.batch
      where t.at >= ${since} and t.legs = 0 and (
        w.wallet is null or t.version > w.version or t.transfer <> 0
        or (t.lane, t.batch) <> (0, 0) and (b.at is distinct from t.at or b.transfers <> 0)
        or (t.version > coalesce(o.version, 0) or p.version is not null)
          and (t.cash, t.bonus, t.held) is distinct from (p.cash, p.bonus, p.held)
        or t.version = 0 and (t.cash, t.bonus, t.held) <> (0, 0, 0))
      order by t.wallet, t.key`,
  },
]
