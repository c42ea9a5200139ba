-- The books. A posting moves an amount from one account to another; at least one side is a pocket of a wallet. Both
-- sides stand in one row, so a transfer cannot fail to sum to zero, and a bet costs half the rows of a two-row design.
-- Hot tables have no foreign keys and no triggers, and the wallet (the shard) comes first in every key.

create table ledger.accounts (
  account text primary key,
  side text not null check (side in ('pocket', 'house')),
  purpose text not null
);
insert into ledger.accounts (account, side, purpose) values
  ('cash', 'pocket', 'what the player may stake and withdraw'),
  ('bonus', 'pocket', 'restricted money granted to the player'),
  ('held', 'pocket', 'set aside for a withdrawal or a deposit under review'),
  ('games.revenue', 'house', 'stakes less wins'),
  ('bonus.cost', 'house', 'bonus money granted and forfeited'),
  ('jackpot.pools', 'house', 'contributions not yet won'),
  ('gateway.clearing', 'house', 'money on its way from and to payment gateways'),
  ('gateway.fees', 'house', 'what gateways charge'),
  ('studio.payables', 'house', 'what is owed to game studios'),
  ('taxes', 'house', 'what is owed to the authority'),
  ('adjustments', 'house', 'corrections approved by two people');

create table ledger.wallets (
  wallet bigint generated always as identity primary key,
  player text not null,
  currency text not null,
  opened_at timestamptz not null,
  cash bigint not null default 0 constraint wallets_cash_not_negative check (cash >= 0),
  bonus bigint not null default 0 constraint wallets_bonus_not_negative check (bonus >= 0),
  held bigint not null default 0 constraint wallets_held_not_negative check (held >= 0),
  version bigint not null default 0,
  unique (player, currency)
) with (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.05);

-- One row per transfer and its key: the promise that a key does its work once.
create table ledger.transfers (
  wallet bigint not null,
  key text not null,
  payload_hash uuid not null,
  transfer bigint not null,
  lane smallint not null,
  batch bigint not null,
  legs smallint not null,
  cash bigint not null,
  bonus bigint not null,
  held bigint not null,
  version bigint not null,
  primary key (wallet, key)
);

create sequence ledger.transfer_numbers;

create table ledger.postings (
  wallet bigint not null,
  version bigint not null,
  transfer bigint not null,
  source text not null,
  target text not null,
  amount bigint not null check (amount > 0),
  cash bigint not null,
  bonus bigint not null,
  held bigint not null,
  kind text not null,
  at timestamptz not null,
  reference text,
  primary key (wallet, version)
);

-- The house keeps one sub-account per lane, so that lanes never wait for each other.
create table ledger.house (
  lane smallint not null,
  account text not null,
  currency text not null,
  balance bigint not null,
  version bigint not null,
  primary key (lane, account, currency)
) with (fillfactor = 50);

create table ledger.house_entries (
  lane smallint not null,
  account text not null,
  currency text not null,
  version bigint not null,
  batch bigint not null,
  amount bigint not null,
  balance bigint not null,
  primary key (lane, account, currency, version)
);

-- A lane above zero is leased by one process; those below serve single transfers inside other transactions.
create table ledger.lanes (
  lane smallint primary key,
  holder text not null default '',
  leased_until timestamptz not null default '-infinity',
  batch bigint not null default 0,
  digest bytea not null default '\x'
) with (fillfactor = 50);
insert into ledger.lanes (lane) select generate_series(1, 64);
insert into ledger.lanes (lane, leased_until) select n, 'infinity' from generate_series(-16, -1) n;

create table ledger.batches (
  lane smallint not null,
  batch bigint not null,
  at timestamptz not null,
  transfers int not null,
  digest bytea not null,
  primary key (lane, batch)
);

create table ledger.holds (
  wallet bigint not null,
  hold text not null,
  amount bigint not null check (amount > 0),
  captured bigint not null default 0,
  released bigint not null default 0,
  placed_at timestamptz not null,
  check (captured >= 0 and released >= 0 and captured + released <= amount),
  primary key (wallet, hold)
);

/*
 * Books a batch of transfers for a lane. Items stand in parallel arrays, each wallet at most once; legs name the item
 * they belong to and are applied in order. Answers one row per item with a code:
 *   posted | replayed | key_reused | wallet_unknown | insufficient_funds | amount_invalid
 * and, for posted and replayed, the transfer and the wallet after it. Items refused leave their neighbours alone.
 * A verdict is a higher room's refusal for an item, empty when it has none; a repeat of a key comes before it. Takes the
 * wallets in order, then the lane, then the house: always that order, so nobody deadlocks.
 */
create function ledger.post(
  _lane smallint, _holder text, _at timestamptz,
  _wallets bigint[], _keys text[], _hashes uuid[], _kinds text[], _references text[], _verdicts text[],
  _leg_items int[], _leg_sources text[], _leg_targets text[], _leg_amounts bigint[],
  out item int, out code text, out transfer bigint, out cash bigint, out bonus bigint, out held bigint, out version bigint
) returns setof record language plpgsql as $$
#variable_conflict use_column
declare
  _batch bigint;
  _previous bytea;
begin
  perform from ledger.wallets where wallet = any (_wallets) order by wallet for no key update;

  select batch + 1, digest into _batch, _previous from ledger.lanes
  where lane = _lane and holder = _holder for no key update;
  if not found then
    raise exception 'lane % is not held by %', _lane, _holder using errcode = 'CR001';
  end if;

  return query
  with items as (
    select i.item::int as item, i.wallet, i.key, i.hash, i.kind, nullif(i.reference, '') as reference, i.verdict,
           w.currency, w.cash, w.bonus, w.held, w.version,
           t.transfer as done, t.payload_hash as done_hash, t.cash as done_cash, t.bonus as done_bonus, t.held as done_held, t.version as done_version
    from unnest(_wallets, _keys, _hashes, _kinds, _references, _verdicts) with ordinality as i (wallet, key, hash, kind, reference, verdict, item)
    left join ledger.wallets w on w.wallet = i.wallet
    left join ledger.transfers t on t.wallet = i.wallet and t.key = i.key
  ),
  legs as (
    select l.item, l.source, l.target, l.amount, i.wallet, i.currency, i.kind, i.reference,
           row_number() over run as leg,
           i.cash + sum(case 'cash' when l.target then l.amount when l.source then -l.amount else 0 end) over run as cash,
           i.bonus + sum(case 'bonus' when l.target then l.amount when l.source then -l.amount else 0 end) over run as bonus,
           i.held + sum(case 'held' when l.target then l.amount when l.source then -l.amount else 0 end) over run as held,
           i.version + row_number() over run as version
    from unnest(_leg_items, _leg_sources, _leg_targets, _leg_amounts) with ordinality as l (item, source, target, amount, ord)
    join items i on i.item = l.item and i.done is null and i.version is not null
    window run as (partition by l.item order by l.ord)
  ),
  ends as (
    select item, max(leg) as legs, min(cash) as cash_min, min(bonus) as bonus_min, min(held) as held_min,
           min(amount) as amount_min, max(amount) as amount_max, max(greatest(cash, bonus, held)) as balance_max, max(version) as version
    from legs group by item
  ),
  fates as (
    select i.*, e.legs, e.version as end_version,
           case
             when i.version is null then 'wallet_unknown'
             when i.done is not null then case when i.done_hash = i.hash then 'replayed' else 'key_reused' end
             when i.verdict <> '' then i.verdict
             when e.amount_min is null or e.amount_min <= 0 or e.amount_max > 1000000000000000000 or e.balance_max > 1000000000000000000 then 'amount_invalid'
             when least(e.cash_min, e.bonus_min, e.held_min) < 0 then 'insufficient_funds'
             else 'posted'
           end as code
    from items i left join ends e on e.item = i.item
  ),
  numbered as materialized (
    select f.item, f.wallet, f.key, f.hash, f.legs, f.end_version as version, nextval('ledger.transfer_numbers') as transfer,
           l.cash::bigint as cash, l.bonus::bigint as bonus, l.held::bigint as held
    from fates f join legs l on l.item = f.item and l.version = f.end_version
    where f.code = 'posted'
  ),
  booked as materialized (
    select n.item, l.wallet, l.version, n.transfer, l.source, l.target, l.amount, l.cash::bigint as cash, l.bonus::bigint as bonus, l.held::bigint as held,
           l.kind, l.reference, l.currency
    from numbered n join legs l on l.item = n.item
  ),
  write_transfers as (
    insert into ledger.transfers (wallet, key, payload_hash, transfer, lane, batch, legs, cash, bonus, held, version)
    select wallet, key, hash, transfer, _lane, _batch, legs, cash, bonus, held, version from numbered
  ),
  write_postings as (
    insert into ledger.postings (wallet, version, transfer, source, target, amount, cash, bonus, held, kind, at, reference)
    select wallet, version, transfer, source, target, amount, cash, bonus, held, kind, _at, reference from booked
  ),
  write_wallets as (
    update ledger.wallets w set cash = n.cash, bonus = n.bonus, held = n.held, version = n.version
    from numbered n where w.wallet = n.wallet
  ),
  write_lane as (
    update ledger.lanes l set batch = _batch, digest = d.digest
    from (
      select sha256(_previous || convert_to(string_agg(
        concat_ws('|', wallet, version, transfer, source, target, amount, cash, bonus, held, kind, reference), E'\n' order by wallet, version), 'UTF8')) as digest
      from booked
    ) d
    where l.lane = _lane and d.digest is not null
    returning l.digest
  ),
  write_batch as (
    insert into ledger.batches (lane, batch, at, transfers, digest)
    select _lane, _batch, _at, (select count(*) from numbered), digest from write_lane
  ),
  net as (
    select account, currency, sum(amount)::bigint as amount from (
      select source as account, currency, -amount as amount from booked
      union all
      select target, currency, amount from booked
    ) sides
    where account not in ('cash', 'bonus', 'held')
    group by account, currency
    order by account, currency
  ),
  write_house as (
    insert into ledger.house as h (lane, account, currency, balance, version)
    select _lane, account, currency, amount, 1 from net
    on conflict (lane, account, currency) do update set balance = h.balance + excluded.balance, version = h.version + 1
    returning h.account, h.currency, h.balance, h.version
  ),
  write_house_entries as (
    insert into ledger.house_entries (lane, account, currency, version, batch, amount, balance)
    select _lane, h.account, h.currency, h.version, _batch, net.amount, h.balance
    from write_house h join net on net.account = h.account and net.currency = h.currency
  )
  select f.item, f.code,
         coalesce(n.transfer, f.done), coalesce(n.cash, f.done_cash, f.cash), coalesce(n.bonus, f.done_bonus, f.bonus),
         coalesce(n.held, f.done_held, f.held), coalesce(n.version, f.done_version, f.version)
  from fates f left join numbered n on n.item = f.item
  order by f.item;
end
$$;

-- Published readings.

create view ledger.entries as
  select wallet, version, transfer, source as account, -amount as amount, kind, at, reference from ledger.postings
  union all
  select wallet, version, transfer, target, amount, kind, at, reference from ledger.postings;

create view ledger.liability as
  select currency, sum(cash)::numeric as cash, sum(bonus)::numeric as bonus, sum(held)::numeric as held, count(*) as wallets
  from ledger.wallets group by currency;

create view ledger.house_balances as
  select account, currency, sum(balance)::numeric as balance from ledger.house group by account, currency;

-- What is booked stays booked.
revoke update, delete, truncate on ledger.postings, ledger.transfers, ledger.batches, ledger.house_entries from countroom_app;
revoke insert, update, delete, truncate on ledger.accounts from countroom_app;
