import type { Reader } from '#base'

/** From when postings are looked at, and from when each must still have its key. */
type Horizon = { since: Date; keysSince: Date }

/** Finds the first row that cannot be, if there is one. */
export type Contradiction = { name: string; find(reader: Reader, horizon: Horizon): Promise<Array<{ bad: string }>> }

/** Before this nothing was booked: a proof from here on is the whole proof, and leaves nothing out for being old. */
export const beginning = new Date('1970-01-01T00:00:00Z')

function whole(since: Date): boolean {
  return since <= beginning
}

/**
 * The house's entries of batches from an instant on. A batch adds at most one entry to an account of its lane, so as many of
 * the newest entries as the lane had batches since the first new one hold them all; those are found by their key.
 */
function newEntries(sql: Reader, since: Date) {
  if (whole(since)) return sql`select * from ledger.house_entries`
  return sql`
    select e.* from ledger.house h
    join (
      select l.lane, l.batch - min(b.batch) + 1 as batches from ledger.lanes l
      join ledger.batches b on b.lane = l.lane where b.at >= ${since} group by l.lane, l.batch
    ) n on n.lane = h.lane
    join ledger.house_entries e
      on e.lane = h.lane and e.account = h.account and e.currency = h.currency and e.version > h.version - n.batches`
}

export const contradictions: readonly Contradiction[] = [
  {
    name: 'per currency, wallets and house sum to zero',
    find: (sql) => sql`
      select format('%s is off by %s', currency, sum(amount)) as bad from (
        select currency, (cash + bonus + held)::numeric as amount from ledger.wallets
        union all select currency, balance from ledger.house
      ) sides group by currency having sum(amount) <> 0 order by currency limit 1`,
  },
  {
    name: 'every wallet equals its last running balance',
    find: (sql, { since }) => sql`
      select format('wallet %s', w.wallet) as bad from ledger.wallets w
      left join ledger.postings p on p.wallet = w.wallet and p.version = w.version
      left join ledger.openings o on o.wallet = w.wallet and o.version = w.version
      where w.wallet in (select wallet from ledger.postings where at >= ${since} union select wallet from ledger.wallets where ${whole(since)})
        and ((w.cash, w.bonus, w.held) is distinct from
            (coalesce(p.cash, o.cash, 0), coalesce(p.bonus, o.bonus, 0), coalesce(p.held, o.held, 0))
          or (w.version > 0 and p.version is null and o.version is null))
      order by w.wallet limit 1`,
  },
  {
    name: 'running balances follow from amounts, versions have no gap',
    find: (sql, { since }) => sql`
      select format('wallet %s, version %s', wallet, version) as bad from (
        select p.*, lag(p.version) over w as version_lag, b.version as version_first,
          coalesce(lag(p.cash) over w, b.cash, 0) as cash_before, coalesce(lag(p.bonus) over w, b.bonus, 0) as bonus_before,
          coalesce(lag(p.held) over w, b.held, 0) as held_before
        from (
          -- From the first version that is new, whatever instant the later ones carry: two writers' clocks differ.
          select p.*, p.version = n.version as first from ledger.postings p
          join (select wallet, min(version) as version from ledger.postings where at >= ${since} group by wallet) n
            on n.wallet = p.wallet and p.version >= n.version
        ) p
        left join lateral (
          select version, cash, bonus, held from ledger.postings o where p.first and o.wallet = p.wallet and o.version = p.version - 1
          union all
          select version, cash, bonus, held from ledger.openings o where p.first and o.wallet = p.wallet and o.version = p.version - 1
          limit 1
        ) b on p.first
        window w as (partition by p.wallet order by p.version)
      ) chain
      where version <> coalesce(version_lag, version_first, 0) + 1
         or cash <> cash_before + case 'cash' when target then amount when source then -amount else 0 end
         or bonus <> bonus_before + case 'bonus' when target then amount when source then -amount else 0 end
         or held <> held_before + case 'held' when target then amount when source then -amount else 0 end
      order by wallet, version limit 1`,
  },
  {
    name: 'no posting without a wallet, an account of the chart and a positive amount',
    find: (sql, { since }) => sql`
      select format('wallet %s, version %s', p.wallet, p.version) as bad from ledger.postings p
      left join ledger.wallets w on w.wallet = p.wallet
      left join ledger.accounts s on s.account = p.source
      left join ledger.accounts t on t.account = p.target
      where p.at >= ${since} and (w.wallet is null or s.account is null or t.account is null or p.amount <= 0
         or p.source = p.target or (s.side = 'house' and t.side = 'house'))
      order by p.wallet, p.version limit 1`,
  },
  {
    name: 'nothing is negative but a debt that a reversal left',
    find: (sql, { since }) => sql`
      select format('wallet %s, version %s', p.wallet, p.version) as bad from ledger.postings p
      left join ledger.transfers t on p.cash < 0 and p.source = 'cash' and t.wallet = p.wallet and t.transfer = p.transfer
      where p.at >= ${since} and (least(p.bonus, p.held) < 0 or (t.key is not null and t.key not like 'reverse:%'))
      union all
      select format('wallet %s', wallet) from ledger.wallets
      where least(bonus, held) < 0 or overdrawn <> (cash < 0)
      limit 1`,
  },
  {
    name: 'every transfer has its key, and its postings are as many and end as it says',
    find: (sql, { since, keysSince }) => sql`
      select format('wallet %s, transfer %s', coalesce(t.wallet, p.wallet), coalesce(t.transfer, p.transfer)) as bad
      from (select * from ledger.transfers where at >= ${since} and legs > 0) t
      full join (
        select wallet, transfer, min(at) as at, max(at) as at_max, min(lane) as lane, min(batch) as batch, count(*) as legs,
          max(version) as version, min(version) as version_first, (array_agg(cash order by version desc))[1] as cash,
          (array_agg(bonus order by version desc))[1] as bonus, (array_agg(held order by version desc))[1] as held
        from ledger.postings where at >= ${since} group by wallet, transfer
      ) p on p.wallet = t.wallet and p.transfer = t.transfer
      left join ledger.openings o on o.wallet = t.wallet
      where case
        when t.wallet is null then p.at >= ${keysSince}
        when p.wallet is null then t.version > coalesce(o.version, 0)
        else (t.legs, t.version, t.cash, t.bonus, t.held, t.at, t.lane, t.batch)
          is distinct from (p.legs, p.version, p.cash, p.bonus, p.held, p.at, p.lane, p.batch)
          or p.at <> p.at_max or p.version - p.version_first + 1 <> p.legs
        end
      order by 1 limit 1`,
  },
  {
    name: 'a tombstone marks a key and nothing else',
    find: (sql, { since }) => sql`
      select format('wallet %s, key %s', t.wallet, t.key) as bad from ledger.transfers t
      left join ledger.wallets w on w.wallet = t.wallet
      where t.at >= ${since} and t.legs = 0 and (t.transfer <> 0 or t.batch <> 0 or w.wallet is null) order by t.wallet, t.key limit 1`,
  },
  {
    name: 'house entries follow from postings, batch by batch',
    find: (sql, { since }) => sql`
      select format('lane %s, batch %s, %s %s', coalesce(h.lane, p.lane), coalesce(h.batch, p.batch), coalesce(h.account, p.account), coalesce(h.currency, p.currency)) as bad
      from (
        select e.* from (${newEntries(sql, since)}) e
        left join ledger.archived a on a.lane = e.lane
        left join ledger.batches b on b.lane = e.lane and b.batch = e.batch
        where e.batch > coalesce(a.batch, 0) and coalesce(b.at, 'infinity') >= ${since}
      ) h
      full join (
        select p.lane, p.batch, s.account, w.currency, sum(s.amount)::bigint as amount
        from ledger.postings p
        join ledger.wallets w on w.wallet = p.wallet
        cross join lateral (values (p.source, -p.amount), (p.target, p.amount)) s (account, amount)
        where p.at >= ${since} and s.account not in ('cash', 'bonus', 'held')
        group by p.lane, p.batch, s.account, w.currency
      ) p on p.lane = h.lane and p.batch = h.batch and p.account = h.account and p.currency = h.currency
      where h.amount is distinct from p.amount
      order by 1 limit 1`,
  },
  {
    name: 'house balances equal their entries, versions have no gap',
    find: (sql, { since }) => sql`
      select format('lane %s, %s %s, version %s', e.lane, e.account, e.currency, e.version) as bad
      from (${newEntries(sql, since)}) e
      left join ledger.house_entries b
        on b.lane = e.lane and b.account = e.account and b.currency = e.currency and b.version = e.version - 1
      where (e.version > 1 and b.version is null) or e.balance <> coalesce(b.balance, 0) + e.amount
      union all
      select format('lane %s, %s %s', coalesce(h.lane, e.lane), coalesce(h.account, e.account), coalesce(h.currency, e.currency))
      from ledger.house h
      full join (
        select lane, account, currency, max(version) as version, (array_agg(balance order by version desc))[1] as balance
        from (${newEntries(sql, since)}) e group by lane, account, currency
      ) e on e.lane = h.lane and e.account = h.account and e.currency = h.currency
      where (h.balance, h.version) is distinct from (e.balance, e.version) and (e.version is not null or ${whole(since)})
      limit 1`,
  },
  {
    name: 'every lane chains its batches over postings and keys',
    find: (sql, { since, keysSince }) => sql`
      select format('lane %s, batch %s', b.lane, b.batch) as bad
      from ledger.batches b
      left join ledger.archived a on a.lane = b.lane
      left join ledger.batches before on before.lane = b.lane and before.batch = b.batch - 1
      left join (
        select p.lane, p.batch, min(p.at) as at, max(p.at) as at_max, count(distinct (p.wallet, p.transfer)) as transfers,
          string_agg(ledger.line_of_posting(p.wallet, p.version, p.transfer, p.source, p.target, p.amount, p.cash, p.bonus, p.held, p.kind, p.reference),
            E'\\n' order by p.wallet, p.version) as lines
        from ledger.postings p where p.at >= ${since} group by p.lane, p.batch
      ) c on c.lane = b.lane and c.batch = b.batch
      left join (
        select t.lane, t.batch,
          ledger.keys_digest(string_agg(ledger.line_of_key(t.wallet, w.player, w.currency, t.key, t.payload_hash, t.transfer, t.version, t.legs),
            E'\\n' order by t.wallet, t.version)) as digest
        from ledger.transfers t join ledger.wallets w on w.wallet = t.wallet
        where t.at >= ${keysSince} and t.legs > 0 group by t.lane, t.batch
      ) k on k.lane = b.lane and k.batch = b.batch
      where b.at >= ${since} and b.batch > coalesce(a.batch, 0) and (
        (b.batch > 1 and before.batch is null)
        or b.transfers is distinct from c.transfers or b.at is distinct from c.at or b.at is distinct from c.at_max
        or (b.at >= ${keysSince} and b.keys is distinct from k.digest)
        or b.digest is distinct from ledger.batch_digest(coalesce(before.digest, '\\x'), b.batch, b.at, b.keys, c.lines))
      union all
      select format('lane %s', l.lane) from ledger.lanes l
      left join lateral (select batch, digest from ledger.batches b where b.lane = l.lane order by batch desc limit 1) b on true
      where (l.batch, l.digest) is distinct from (coalesce(b.batch, 0), coalesce(b.digest, '\\x'))
      union all
      select format('lane %s, batch %s has postings and no digest', p.lane, p.batch) from (
        select distinct lane, batch from ledger.postings where at >= ${since}
      ) p left join ledger.batches b on b.lane = p.lane and b.batch = p.batch where b.lane is null
      limit 1`,
  },
  {
    name: 'what is held is what holds have left',
    find: (sql) => sql`
      select format('wallet %s', w.wallet) as bad from ledger.wallets w
      left join (select wallet, sum(amount - captured - released)::bigint as held from ledger.holds group by wallet) h on h.wallet = w.wallet
      where w.held <> coalesce(h.held, 0)
      union all
      select format('wallet %s, hold %s', h.wallet, h.hold) from ledger.holds h
      join ledger.transfers t on t.wallet = h.wallet and t.key = 'hold:' || h.hold
      join ledger.postings p on p.wallet = t.wallet and p.version = t.version
      where p.amount <> h.amount
      limit 1`,
  },
]
