import { type Contradiction, isWhole, postingsAnywhere } from './horizon.ts'

/** Lanes and the chains of their batches. */
export const chains: readonly Contradiction[] = [
  {
    name: 'every lane chains its batches over postings and keys',
    find: (sql, horizon) => sql`
      -- Computed once each: the planner believes that little is new, and would do it again for every batch.
      with c as materialized (
        select p.lane, p.batch, min(p.at) as at, max(p.at) as at_max, count(distinct (p.wallet, p.transfer)) as transfers,
          string_agg(ledger.line_of_posting(p.wallet, p.version, p.transfer, p.source, p.target, p.amount, p.cash, p.bonus, p.held, p.kind, p.reference),
            E'\\n' order by p.wallet, p.version) as lines
        from (${postingsAnywhere(sql, horizon)}) p group by p.lane, p.batch
      ),
      k as materialized (
        select t.lane, t.batch,
          ledger.keys_digest(string_agg(ledger.line_of_key(t.wallet, w.player, w.currency, t.key, t.payload_hash, t.transfer, t.version, t.legs),
            E'\\n' order by t.wallet, t.version)) as digest
        from ledger.transfers t join ledger.wallets w on w.wallet = t.wallet
        where t.at >= ${horizon.keysSince} and t.batch > 0 group by t.lane, t.batch
      )
      select format('lane %s, batch %s', b.lane, b.batch) as bad
      from ledger.batches b
      left join ledger.archived a on a.lane = b.lane
      left join ledger.batches before on before.lane = b.lane and before.batch = b.batch - 1
      left join c on c.lane = b.lane and c.batch = b.batch
      left join k on k.lane = b.lane and k.batch = b.batch
      where b.at >= ${horizon.since} and (
        b.batch < 1 or (b.batch > 1 and before.batch is null)
        or (b.at >= ${horizon.keysSince} and b.keys is distinct from k.digest)
        -- The rest is for batches whose postings must be here: attached, or in a detached month that was not carried away.
        or (c.batch is not null or b.batch > coalesce(a.batch, 0)
            or 'archived_postings_' || to_char(b.at at time zone 'UTC', 'YYYY_MM') = any (${horizon.archived as string[]}::text[])) and (
          b.transfers <> coalesce(c.transfers, 0) or b.at <> c.at or b.at <> c.at_max
          or b.digest is distinct from ledger.batch_digest(coalesce(before.digest, '\\x'), b.batch, b.at, b.keys, c.lines)))
      order by b.lane, b.batch`,
  },
  {
    name: 'every lane ends with its last batch, and no posting is outside',
    find: (sql, horizon) => sql`
      select format('lane %s', l.lane) as bad from ledger.lanes l
      left join lateral (select batch, digest from ledger.batches b where b.lane = l.lane order by batch desc limit 1) b on true
      where (l.batch, l.digest) is distinct from (coalesce(b.batch, 0), coalesce(b.digest, '\\x'))
      union all
      select format('lane %s, batch %s has no lane', b.lane, b.batch) from ledger.batches b
      left join ledger.lanes l on l.lane = b.lane where b.at >= ${horizon.since} and l.lane is null
      union all
      select format('lane %s, batch %s has postings and no digest', p.lane, p.batch) from (
        select distinct lane, batch from ledger.postings where at >= ${horizon.since}
      ) p left join ledger.batches b on b.lane = p.lane and b.batch = p.batch where b.lane is null
      union all
      select format('lane %s, archived batch %s', a.lane, a.batch) from ledger.archived a
      left join ledger.lanes l on l.lane = a.lane
      left join (select lane, min(batch) as batch from ledger.postings group by lane) p on p.lane = a.lane
      where ${isWhole(horizon)} and (l.lane is null or a.batch > l.batch or p.batch <= a.batch)`,
  },
]
