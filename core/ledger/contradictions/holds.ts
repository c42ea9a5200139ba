import { type Contradiction, isTouched, isWhole } from './horizon.ts'

/** Money set aside. */
export const holds: readonly Contradiction[] = [
  {
    name: 'what is held is what holds have left',
    find: (sql, horizon) => sql`
      select format('wallet %s', w.wallet) as bad from ledger.wallets w
      left join (
        select h.wallet, sum(h.amount - h.captured - h.released) as held from ledger.holds h
        where ${isTouched(sql, horizon, 'h.wallet')} group by h.wallet
      ) h on h.wallet = w.wallet
      where ${isTouched(sql, horizon, 'w.wallet')} and w.held <> coalesce(h.held, 0)`,
  },
  {
    name: 'every hold has its key, and follows from what was booked',
    find: (sql, horizon) => sql`
      select format('wallet %s, hold %s', h.wallet, h.hold) as bad from ledger.holds h
      left join ledger.wallets w on w.wallet = h.wallet
      left join ledger.transfers t on t.wallet = h.wallet and t.key = coalesce(h.key, 'hold:' || h.hold)
      left join ledger.postings p on p.wallet = t.wallet and p.version = t.version
      where ${isTouched(sql, horizon, 'h.wallet')}
        and (w.wallet is null or least(h.captured, h.released) < 0 or h.captured + h.released > h.amount
          or t.wallet is null and h.placed_at >= ${horizon.keysSince} or t.at <> h.placed_at or p.amount <> h.amount)
      union all
      select format('wallet %s, key %s has no hold', t.wallet, t.key) from ledger.transfers t
      left join ledger.holds h on h.wallet = t.wallet and h.hold = substr(t.key, 6)
      where t.at >= ${horizon.since} and t.key like 'hold:%' and t.legs <> 0 and h.wallet is null`,
  },
  {
    // Captures and releases do not name their hold in the books, so they are counted together; where months are detached
    // what went before is not there to be counted.
    name: 'what was set aside, captured and released is what holds say',
    find: (sql, horizon) =>
      isWhole(horizon)
        ? sql`
          select format('wallet %s', coalesce(h.wallet, p.wallet)) as bad from (
            select wallet, sum(amount) as placed, sum(captured) as captured, sum(released) as released from ledger.holds group by wallet
          ) h
          full join (
            select wallet, coalesce(sum(amount) filter (where target = 'held'), 0) as placed,
              coalesce(sum(amount) filter (where source = 'held' and target <> 'cash'), 0) as captured,
              coalesce(sum(amount) filter (where source = 'held' and target = 'cash'), 0) as released
            from ledger.postings where 'held' in (source, target) group by wallet
          ) p on p.wallet = h.wallet
          where (h.placed, h.captured, h.released) is distinct from (p.placed, p.captured, p.released)
            and not exists (select from ledger.openings o where o.wallet = coalesce(h.wallet, p.wallet))
          order by 1`
        : undefined,
  },
]
