import { type Contradiction, isWhole, postingsAnywhere } from './horizon.ts'

/** Two hosts' clocks may differ by this much. */
const skew = '1 minute'

/** Where a proof begins: the openings that detached months leave, and the proofs it goes on from. */
export const seams: readonly Contradiction[] = [
  {
    name: 'openings are where the postings of a wallet begin',
    find: (sql, horizon) =>
      isWhole(horizon)
        ? sql`
          select format('opening of wallet %s', o.wallet) as bad from ledger.openings o
          left join ledger.wallets w on w.wallet = o.wallet
          where w.wallet is null or o.version < 1 or o.version > w.version
            or exists (select from ledger.postings p where p.wallet = o.wallet and p.version <= o.version)
            -- A later instant than need be only refuses more questions about the past; an earlier one would answer them wrongly.
            or o.at < (select max(p.at) from (${postingsAnywhere(sql, horizon)}) p where p.wallet = o.wallet and p.version <= o.version)
          order by o.wallet`
        : undefined,
  },
  {
    name: 'proofs are of the past, each from where a sound one ended',
    find: (sql, { since, now }) => sql`
      select format('proof of %s', at) as bad from (
        select *, lag(at) over w as at_before from ledger.proofs where at >= ${since}::timestamptz - interval '1 day' window w as (order by at)
      ) p
      where at > ${now}::timestamptz + ${skew}::interval or since > at or since > at_before or ok <> (first_bad is null)
      order by at`,
  },
]
