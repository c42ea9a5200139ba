import { type Contradiction, isTouched, isWhole, newEntries, postingsWithFirst } from './horizon.ts'

/** Wallets, their postings, and the sum of all. */
export const wallets: readonly Contradiction[] = [
  {
    name: 'per currency, wallets and house sum to zero',
    find: (sql, horizon) =>
      isWhole(horizon)
        ? sql`
          select format('%s is off by %s', currency, sum(amount)) as bad from (
            select currency, (cash + bonus + held)::numeric as amount from ledger.wallets
            union all select currency, balance from ledger.house
          ) sides group by currency having sum(amount) <> 0 order by currency`
        : // The sums were zero when they were proven, so what was added since must be.
          sql`
          select format('%s is off by %s', currency, sum(amount)) as bad from (
            select w.currency, sum(case when p.target in ('cash', 'bonus', 'held') then p.amount else 0 end
              - case when p.source in ('cash', 'bonus', 'held') then p.amount else 0 end) as amount
            from ledger.postings p join ledger.wallets w on w.wallet = p.wallet where p.at >= ${horizon.since} group by w.currency
            union all
            select e.currency, sum(e.amount) from (${newEntries(sql, horizon)}) e
            join ledger.batches b on b.lane = e.lane and b.batch = e.batch where b.at >= ${horizon.since} group by e.currency
          ) sides group by currency having sum(amount) <> 0 order by currency`,
  },
  {
    name: 'every wallet equals its last running balance',
    find: (sql, horizon) => sql`
      select format('wallet %s', w.wallet) as bad from ledger.wallets w
      left join ledger.postings p on p.wallet = w.wallet and p.version = w.version
      left join ledger.openings o on o.wallet = w.wallet and o.version = w.version
      where ${isTouched(sql, horizon, 'w.wallet')}
        and ((w.cash, w.bonus, w.held) is distinct from
            (coalesce(p.cash, o.cash, 0), coalesce(p.bonus, o.bonus, 0), coalesce(p.held, o.held, 0))
          or (w.version <> 0 and p.version is null and o.version is null))
      order by w.wallet`,
  },
  {
    name: 'running balances follow from amounts, versions have no gap',
    find: (sql, horizon) => sql`
      select format('wallet %s, version %s', wallet, version) as bad from (
        select p.*, lag(p.version) over w as version_lag,
          coalesce(lag(p.cash) over w, p.cash_first, 0) as cash_before, coalesce(lag(p.bonus) over w, p.bonus_first, 0) as bonus_before,
          coalesce(lag(p.held) over w, p.held_first, 0) as held_before
        from (${postingsWithFirst(sql, horizon)}) p
        window w as (partition by p.wallet order by p.version)
      ) chain
      where version <> coalesce(version_lag, version_first, 0) + 1
         or cash <> cash_before + case 'cash' when target then amount when source then -amount else 0 end
         or bonus <> bonus_before + case 'bonus' when target then amount when source then -amount else 0 end
         or held <> held_before + case 'held' when target then amount when source then -amount else 0 end
      order by wallet, version`,
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
      order by p.wallet, p.version`,
  },
  {
    name: 'nothing is negative but a debt that a reversal left',
    find: (sql, horizon) => sql`
      select format('wallet %s, version %s', p.wallet, p.version) as bad from ledger.postings p
      where p.at >= ${horizon.since} and least(p.bonus, p.held) < 0
      union all
      -- Few, so their keys are looked for one by one.
      select format('wallet %s, version %s', p.wallet, p.version) from (
        select wallet, version, transfer from ledger.postings where at >= ${horizon.since} and cash < 0 and source = 'cash'
      ) p
      join ledger.transfers t on t.wallet = p.wallet and t.transfer = p.transfer
      where t.key not like 'reverse:%'
      union all
      select format('wallet %s', w.wallet) from ledger.wallets w
      where ${isTouched(sql, horizon, 'w.wallet')} and (least(bonus, held) < 0 or overdrawn <> (cash < 0))`,
  },
  {
    name: 'a wallet stays whose it was',
    find: (sql, horizon) => sql`
      select format('wallet %s', o.wallet) as bad from ledger.owners o
      left join ledger.wallets w on w.wallet = o.wallet
      where ${isTouched(sql, horizon, 'o.wallet')}
        and (o.player, o.currency, o.opened_at) is distinct from (w.player, w.currency, w.opened_at)
      order by o.wallet`,
  },
]
