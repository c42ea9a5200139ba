import type { Reader } from '#base'

export type Check = { name: string; ok: boolean; firstBad?: string }
export type Proof = { ok: boolean; checks: Check[] }

/**
 * Proves the books from their rows alone: each check is one query that finds what contradicts it, and names the first.
 * Run it in a REPEATABLE READ transaction, so that all checks see one instant.
 */
export async function prove(reader: Reader): Promise<Proof> {
  const checks: Check[] = []
  for (const { name, find } of contradictions) {
    const [bad] = await find(reader)
    checks.push(bad ? { name, ok: false, firstBad: bad.bad } : { name, ok: true })
  }
  return { ok: checks.every((check) => check.ok), checks }
}

type Contradiction = { name: string; find(reader: Reader): Promise<Array<{ bad: string }>> }

const contradictions: Contradiction[] = [
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
    find: (sql) => sql`
      select format('wallet %s', w.wallet) as bad from ledger.wallets w
      left join ledger.postings p on p.wallet = w.wallet and p.version = w.version
      where (w.cash, w.bonus, w.held) is distinct from (coalesce(p.cash, 0), coalesce(p.bonus, 0), coalesce(p.held, 0))
         or (w.version > 0 and p.version is null)
      order by w.wallet limit 1`,
  },
  {
    name: 'running balances follow from amounts, versions have no gap',
    find: (sql) => sql`
      select format('wallet %s, version %s', wallet, version) as bad from (
        select wallet, version, cash, bonus, held, source, target, amount,
          lag(version, 1, 0::bigint) over w as version_before, lag(cash, 1, 0::bigint) over w as cash_before,
          lag(bonus, 1, 0::bigint) over w as bonus_before, lag(held, 1, 0::bigint) over w as held_before
        from ledger.postings window w as (partition by wallet order by version)
      ) chain
      where version <> version_before + 1
         or cash <> cash_before + case 'cash' when target then amount when source then -amount else 0 end
         or bonus <> bonus_before + case 'bonus' when target then amount when source then -amount else 0 end
         or held <> held_before + case 'held' when target then amount when source then -amount else 0 end
      order by wallet, version limit 1`,
  },
  {
    name: 'no posting without a wallet, an account of the chart and a positive amount',
    find: (sql) => sql`
      select format('wallet %s, version %s', p.wallet, p.version) as bad from ledger.postings p
      left join ledger.wallets w on w.wallet = p.wallet
      left join ledger.accounts s on s.account = p.source
      left join ledger.accounts t on t.account = p.target
      where w.wallet is null or s.account is null or t.account is null or p.amount <= 0 or p.source = p.target
         or (s.side = 'house' and t.side = 'house')
      order by p.wallet, p.version limit 1`,
  },
  {
    name: 'no balance is negative',
    find: (sql) => sql`
      select format('wallet %s, version %s', wallet, version) as bad from ledger.postings
      where least(cash, bonus, held) < 0 order by wallet, version limit 1`,
  },
  {
    name: 'every transfer has its key, and its postings are as many and end as it says',
    find: (sql) => sql`
      select format('wallet %s, transfer %s', coalesce(t.wallet, p.wallet), coalesce(t.transfer, p.transfer)) as bad
      from ledger.transfers t
      full join (
        select wallet, transfer, count(*) as legs, max(version) as version,
          (array_agg(cash order by version desc))[1] as cash, (array_agg(bonus order by version desc))[1] as bonus,
          (array_agg(held order by version desc))[1] as held
        from ledger.postings group by wallet, transfer
      ) p on p.wallet = t.wallet and p.transfer = t.transfer
      where (t.legs, t.version, t.cash, t.bonus, t.held) is distinct from (p.legs, p.version, p.cash, p.bonus, p.held)
      order by 1 limit 1`,
  },
  {
    name: 'house entries follow from postings, batch by batch',
    find: (sql) => sql`
      select format('lane %s, batch %s, %s %s', coalesce(h.lane, p.lane), coalesce(h.batch, p.batch), coalesce(h.account, p.account), coalesce(h.currency, p.currency)) as bad
      from ledger.house_entries h
      full join (
        select t.lane, t.batch, s.account, w.currency, sum(s.amount)::bigint as amount
        from ledger.postings p
        join ledger.transfers t on t.wallet = p.wallet and t.transfer = p.transfer
        join ledger.wallets w on w.wallet = p.wallet
        cross join lateral (values (p.source, -p.amount), (p.target, p.amount)) s (account, amount)
        where s.account not in ('cash', 'bonus', 'held')
        group by t.lane, t.batch, s.account, w.currency
      ) p on p.lane = h.lane and p.batch = h.batch and p.account = h.account and p.currency = h.currency
      where h.amount is distinct from p.amount
      order by 1 limit 1`,
  },
  {
    name: 'house balances equal their entries, versions have no gap',
    find: (sql) => sql`
      select format('lane %s, %s %s, version %s', lane, account, currency, version) as bad from (
        select e.*, lag(version, 1, 0::bigint) over w as version_before, lag(balance, 1, 0::bigint) over w as balance_before
        from ledger.house_entries e window w as (partition by lane, account, currency order by version)
      ) chain where version <> version_before + 1 or balance <> balance_before + amount
      union all
      select format('lane %s, %s %s', h.lane, h.account, h.currency) from ledger.house h
      left join ledger.house_entries e
        on e.lane = h.lane and e.account = h.account and e.currency = h.currency and e.version = h.version
      where h.balance is distinct from e.balance
      limit 1`,
  },
  {
    name: 'every lane chains its batches',
    find: (sql) => sql`
      select format('lane %s, batch %s', lane, batch) as bad from (
        select b.lane, b.batch, b.digest, b.transfers,
          lag(b.batch, 1, 0::bigint) over w as batch_before, lag(b.digest, 1, '\\x'::bytea) over w as digest_before,
          c.content, c.transfers as transfers_found
        from ledger.batches b
        left join (
          select t.lane, t.batch, count(distinct (t.wallet, t.transfer)) as transfers,
            string_agg(concat_ws('|', p.wallet, p.version, p.transfer, p.source, p.target, p.amount, p.cash, p.bonus, p.held, p.kind, p.reference),
              E'\\n' order by p.wallet, p.version) as content
          from ledger.transfers t join ledger.postings p on p.wallet = t.wallet and p.transfer = t.transfer
          group by t.lane, t.batch
        ) c on c.lane = b.lane and c.batch = b.batch
        window w as (partition by b.lane order by b.batch)
      ) chain
      where batch <> batch_before + 1 or transfers <> transfers_found
         or digest is distinct from sha256(digest_before || convert_to(content, 'UTF8'))
      union all
      select format('lane %s', l.lane) from ledger.lanes l
      left join ledger.batches b on b.lane = l.lane and b.batch = l.batch
      where l.batch > 0 and l.digest is distinct from b.digest
      limit 1`,
  },
  {
    name: 'what is held is what holds have left',
    find: (sql) => sql`
      select format('wallet %s', w.wallet) as bad from ledger.wallets w
      left join (select wallet, sum(amount - captured - released)::bigint as held from ledger.holds group by wallet) h on h.wallet = w.wallet
      where w.held <> coalesce(h.held, 0) order by w.wallet limit 1`,
  },
]
