-- What the books tell others: sums that cannot overflow, and from which instant on the past can be asked for.

-- One account may hold 10^18 minor units, so the house's side of ten such accounts is beyond 64 bits.
drop view ledger.liability, ledger.house_balances;
alter table ledger.house alter column balance type numeric;
alter table ledger.house_entries alter column amount type numeric, alter column balance type numeric;

-- What is owed to players, in minor units: `owed` is cash, bonus and held together; what players owe (`debts`) stands apart and
-- is not set off, since one player's debt pays nobody else.
create view ledger.liability as
  select currency, sum(greatest(cash, 0)) as cash, sum(bonus) as bonus, sum(held) as held,
    sum(greatest(cash, 0) + bonus + held) as owed, sum(greatest(-cash, 0)) as debts, count(*) as wallets
  from ledger.wallets group by currency;

-- The house's accounts over all lanes, in minor units: above zero is what came in to the account, less what went out of it.
create view ledger.house_balances as
  select account, currency, sum(balance) as balance from ledger.house group by account, currency;

-- The trial balance: every account of the chart in every currency. Each currency sums to zero.
create view ledger.balances as
  select a.side, b.account, b.currency, b.balance
  from (
    select p.account, w.currency, sum(p.amount) as balance from ledger.wallets w
    cross join lateral (values ('cash', w.cash), ('bonus', w.bonus), ('held', w.held)) p (account, amount)
    group by p.account, w.currency
    union all
    select account, currency, balance from ledger.house_balances
  ) b join ledger.accounts a on a.account = b.account;

-- No detached posting of the wallet carries a later instant than this. For openings that were kept without one: such postings
-- were taken from at most a day after the seam.
alter table ledger.openings add column at timestamptz;
update ledger.openings set at = (
  select coalesce(min(to_date(substring(relname from 'postings_(\d{4}_\d{2})$'), 'YYYY_MM'))::timestamp at time zone 'UTC', now())
  from pg_inherits join pg_class on pg_class.oid = inhrelid
  where inhparent = 'ledger.postings'::regclass and relname ~ '^postings_\d{4}_\d{2}$'
) + interval '1 day';
alter table ledger.openings alter column at set not null;

/*
 * The last entry of one of the house's accounts in a lane that was booked before an instant, by halving: 0 when there is
 * none. Entries are numbered in the order of their batches, and a lane's batches carry rising instants but for the
 * minutes by which two holders' clocks differ; callers leave room for those.
 */
create function ledger.house_version_before(_lane smallint, _account text, _currency text, _last bigint, _at timestamptz)
returns bigint language plpgsql stable as $$
declare
  _low bigint := 0;
  _high bigint := _last + 1;
  _middle bigint;
begin
  while _high - _low > 1 loop
    _middle := (_low + _high) / 2;
    if (select b.at < _at from ledger.house_entries e join ledger.batches b on b.lane = e.lane and b.batch = e.batch
        where e.lane = _lane and e.account = _account and e.currency = _currency and e.version = _middle) then
      _low := _middle;
    else
      _high := _middle;
    end if;
  end loop;
  return _low;
end
$$;

/*
 * Detaches the postings of a month that ended before the keys' promise did: keeps the balances where each wallet's
 * remaining postings begin, with the last instant that went, and the batches that ended, and leaves the month as a table of
 * its own, to be kept elsewhere. Two writers' clocks differ, so a wallet or a lane may have booked in the next month before
 * it last booked in this one; such postings go along, for the proof goes by versions and batches. Only the oldest month can
 * go. Answers the table's name.
 */
create or replace function ledger.detach_partition(_month date) returns text language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  _first date := date_trunc('month', _month);
  _name text := 'postings_' || to_char(_first, 'YYYY_MM');
  _kept text := 'archived_' || _name;
  _end timestamptz := (_first + interval '1 month') at time zone 'UTC';
  _taken int;
begin
  if to_regclass('ledger.' || _name) is null or not exists (
    select from pg_inherits where inhparent = 'ledger.postings'::regclass and inhrelid = to_regclass('ledger.' || _name)) then
    raise exception 'there is no partition %', _name using errcode = 'CR003';
  end if;
  if _end > now() - interval '120 days' then
    raise exception 'the month % has not been over for 120 days', _name using errcode = 'CR002';
  end if;
  if exists (select from ledger.postings where at < _first::timestamp at time zone 'UTC') then
    raise exception 'an older month is still attached' using errcode = 'CR003';
  end if;
  execute format('alter table ledger.postings detach partition ledger.%I', _name);
  execute format('alter table ledger.%I rename to %I', _name, _kept);
  loop
    execute format(
      'insert into ledger.openings as o (wallet, version, cash, bonus, held, at)
       select distinct on (wallet) wallet, version, cash, bonus, held, max(at) over (partition by wallet)
       from ledger.%I order by wallet, version desc
       on conflict (wallet) do update set version = excluded.version, cash = excluded.cash, bonus = excluded.bonus,
         held = excluded.held, at = greatest(o.at, excluded.at)', _kept);
    execute format(
      'insert into ledger.archived as a select lane, max(batch) from ledger.%I group by lane
       on conflict (lane) do update set batch = excluded.batch', _kept);
    execute format(
      'with early as (
         delete from ledger.postings p where p.at < %L and (
           exists (select from ledger.openings o where o.wallet = p.wallet and p.version <= o.version)
           or exists (select from ledger.archived a where a.lane = p.lane and p.batch <= a.batch))
         returning *)
       insert into ledger.%I select * from early', _end + interval '1 day', _kept);
    get diagnostics _taken = row_count;
    exit when _taken = 0;
  end loop;
  return 'ledger.' || _kept;
end
$$;
