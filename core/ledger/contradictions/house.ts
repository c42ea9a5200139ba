import type { HouseAccount, Pocket } from '../transfer.ts'
import { type Contradiction, newEntries } from './horizon.ts'

/** The chart as this version knows it: a side that was turned would let money go where nobody counts it. */
const chart = {
  cash: 'pocket',
  bonus: 'pocket',
  held: 'pocket',
  'games.revenue': 'house',
  'bonus.cost': 'house',
  'jackpot.pools': 'house',
  'gateway.clearing': 'house',
  'gateway.fees': 'house',
  'studio.payables': 'house',
  taxes: 'house',
  adjustments: 'house',
  'player.shortfalls': 'house',
} as const satisfies Record<Pocket, 'pocket'> & Record<HouseAccount, 'house'>

/** The house: its chart, its sub-accounts in each lane, and their entries. */
export const house: readonly Contradiction[] = [
  {
    name: 'the chart has its accounts, each on its side',
    find: (sql) => sql`
      select format('account %s', coalesce(a.account, c.account)) as bad from ledger.accounts a
      full join unnest(${Object.keys(chart)}::text[], ${Object.values(chart)}::text[]) c (account, side) on c.account = a.account
      where a.side is distinct from c.side order by 1`,
  },
  {
    name: 'house entries follow from postings, batch by batch',
    find: (sql, horizon) => sql`
      select format('lane %s, batch %s, %s %s', coalesce(h.lane, p.lane), coalesce(h.batch, p.batch), coalesce(h.account, p.account), coalesce(h.currency, p.currency)) as bad
      from (
        select e.* from (${newEntries(sql, horizon)}) e
        left join ledger.archived a on a.lane = e.lane
        left join ledger.batches b on b.lane = e.lane and b.batch = e.batch
        where e.batch > coalesce(a.batch, 0) and coalesce(b.at, 'infinity') >= ${horizon.since}
      ) h
      full join (
        select p.lane, p.batch, s.account, w.currency, sum(s.amount) as amount
        from ledger.postings p
        join ledger.wallets w on w.wallet = p.wallet
        cross join lateral (values (p.source, -p.amount), (p.target, p.amount)) s (account, amount)
        where p.at >= ${horizon.since} and s.account not in ('cash', 'bonus', 'held')
        group by p.lane, p.batch, s.account, w.currency
      ) p on p.lane = h.lane and p.batch = h.batch and p.account = h.account and p.currency = h.currency
      where h.amount is distinct from p.amount
      order by 1`,
  },
  {
    name: 'house balances equal their entries, versions have no gap',
    find: (sql, horizon) => sql`
      select format('lane %s, %s %s, version %s', e.lane, e.account, e.currency, e.version) as bad
      from (${newEntries(sql, horizon)}) e
      left join ledger.house_entries b
        on b.lane = e.lane and b.account = e.account and b.currency = e.currency and b.version = e.version - 1
      where (e.version > 1 and b.version is null) or e.version < 1 or e.batch <= b.batch
        or e.balance <> coalesce(b.balance, 0) + e.amount
      union all
      select format('lane %s, %s %s', h.lane, h.account, h.currency) from ledger.house h
      left join ledger.house_entries e
        on e.lane = h.lane and e.account = h.account and e.currency = h.currency and e.version = h.version
      where e.balance is distinct from h.balance
      union all
      select format('lane %s, %s %s', e.lane, e.account, e.currency) from (${newEntries(sql, horizon)}) e
      left join ledger.house h on h.lane = e.lane and h.account = e.account and h.currency = e.currency
      where h.version is null or e.version > h.version`,
  },
]
