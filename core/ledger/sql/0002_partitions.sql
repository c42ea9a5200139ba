-- Postings stand in months, so that old ones can be detached and kept elsewhere. What must outlive them does: the key of a
-- transfer with its answer (until it expires), the batch digests, and the opening balances at the seam.

drop view ledger.entries;
alter table ledger.postings rename to postings_before;
alter table ledger.transfers rename to transfers_before;
alter table ledger.batches rename to batches_before;
alter index ledger.postings_pkey rename to postings_before_pkey;
alter index ledger.transfers_pkey rename to transfers_before_pkey;
alter index ledger.batches_pkey rename to batches_before_pkey;

create table ledger.postings (
  wallet bigint not null,
  version bigint not null,
  transfer bigint not null,
  amount bigint not null check (amount > 0),
  cash bigint not null,
  bonus bigint not null,
  held bigint not null,
  at timestamptz not null,
  batch bigint not null,
  lane smallint not null,
  source text not null,
  target text not null,
  kind text not null,
  reference text
) partition by range (at);

-- One row per key: the promise that it does its work once. `legs` is 0 for a tombstone: a transfer taken back before it came.
create table ledger.transfers (
  wallet bigint not null,
  transfer bigint not null,
  cash bigint not null,
  bonus bigint not null,
  held bigint not null,
  version bigint not null,
  at timestamptz not null,
  batch bigint not null,
  payload_hash uuid not null,
  lane smallint not null,
  legs smallint not null,
  key text not null,
  primary key (wallet, key)
);
-- Keys expire by age; a block range index costs next to nothing on a table that grows in order of time.
create index transfers_by_time on ledger.transfers using brin (at) with (pages_per_range = 32, autosummarize);

-- `keys` digests who asked for what under which key, `digest` chains it with the postings; so a batch proves itself with
-- its keys expired, by the digest it kept of them.
create table ledger.batches (
  lane smallint not null,
  batch bigint not null,
  at timestamptz not null,
  transfers int not null,
  keys bytea not null,
  digest bytea not null,
  primary key (lane, batch)
);

create index batches_by_time on ledger.batches using brin (at) with (pages_per_range = 16, autosummarize);

-- Where the postings of a wallet begin once older ones are detached.
create table ledger.openings (
  wallet bigint primary key,
  version bigint not null,
  cash bigint not null,
  bonus bigint not null,
  held bigint not null
);
-- The same for a lane: the last batch whose postings are detached.
create table ledger.archived (
  lane smallint primary key,
  batch bigint not null
);

/*
 * Makes the partition of the month an instant lies in, if there is none; what was booked in it meanwhile comes along. With
 * the owner's rights, since the application has none to make tables. Attached rather than created in place, so that
 * bookings in other months do not wait. Answers its name.
 */
create function ledger.make_partition(_month date) returns text language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  _first date := date_trunc('month', _month);
  _from timestamptz := _first::timestamp at time zone 'UTC';
  _to timestamptz := (_first + interval '1 month') at time zone 'UTC';
  _name text := 'postings_' || to_char(_first, 'YYYY_MM');
begin
  if to_regclass('ledger.' || _name) is null then
    lock table ledger.postings_other in access exclusive mode;
    execute format('create table ledger.%I (like ledger.postings including all)', _name);
    execute format('with late as (delete from ledger.postings_other where at >= %L and at < %L returning *)
      insert into ledger.%I select * from late', _from, _to, _name);
    execute format('create unique index on ledger.%I (wallet, version)', _name);
    execute format('create index on ledger.%I using brin (at) with (pages_per_range = 32, autosummarize)', _name);
    execute format('revoke update, delete, truncate on ledger.%I from countroom_app', _name);
    execute format('alter table ledger.postings attach partition ledger.%I for values from (%L) to (%L)', _name, _from, _to);
  end if;
  return _name;
end
$$;

-- What no month takes (a clock gone wrong) is still booked.
create table ledger.postings_other partition of ledger.postings default;
create unique index on ledger.postings_other (wallet, version);
create index on ledger.postings_other using brin (at) with (pages_per_range = 32, autosummarize);
revoke update, delete, truncate on ledger.postings_other from countroom_app;
select ledger.make_partition(month::date) from (
  select generate_series(date_trunc('month', coalesce(min(at), now())), now() + interval '3 months', interval '1 month') as month
  from ledger.postings_before
) months;

insert into ledger.transfers
  select t.wallet, t.transfer, t.cash, t.bonus, t.held, t.version, b.at, t.batch, t.payload_hash, t.lane, t.legs, t.key
  from ledger.transfers_before t join ledger.batches_before b using (lane, batch) order by b.at, t.transfer;
insert into ledger.postings
  select p.wallet, p.version, p.transfer, p.amount, p.cash, p.bonus, p.held, p.at, t.batch, t.lane, p.source, p.target, p.kind, p.reference
  from ledger.postings_before p join ledger.transfers_before t using (wallet, transfer) order by p.at, p.transfer, p.version;

-- The content of a batch as its digest sees it, and that of its keys. One line each, in the order of wallet and version.
create function ledger.line_of_posting(
  wallet bigint, version bigint, transfer bigint, source text, target text, amount bigint, cash bigint, bonus bigint, held bigint,
  kind text, reference text
) returns text language sql stable parallel safe return
  concat_ws('|', wallet, version, transfer, source, target, amount, cash, bonus, held, kind, coalesce(reference, ''));
create function ledger.line_of_key(
  wallet bigint, player text, currency text, key text, payload_hash uuid, transfer bigint, version bigint, legs bigint
) returns text language sql stable parallel safe return
  concat_ws('|', wallet, player, currency, key, payload_hash, transfer, version, legs);
create function ledger.keys_digest(lines text) returns bytea language sql stable parallel safe return
  sha256(convert_to(lines, 'UTF8'));
create function ledger.batch_digest(previous bytea, batch bigint, at timestamptz, keys bytea, postings text) returns bytea
language sql stable parallel safe return
  sha256(previous || keys || convert_to(concat_ws(E'\n', batch, extract(epoch from at), postings), 'UTF8'));

-- Chains begin anew over what was there, since the digests now cover more.
do $$
declare
  _lane record;
  _batch record;
  _digest bytea;
begin
  for _lane in select distinct lane from ledger.batches_before loop
    _digest := '\x';
    for _batch in
      select b.batch, b.at, b.transfers,
        (select ledger.keys_digest(string_agg(ledger.line_of_key(t.wallet, w.player, w.currency, t.key, t.payload_hash, t.transfer, t.version, t.legs), E'\n' order by t.wallet, t.version))
         from ledger.transfers t join ledger.wallets w using (wallet) where t.lane = b.lane and t.batch = b.batch) as keys,
        (select string_agg(ledger.line_of_posting(p.wallet, p.version, p.transfer, p.source, p.target, p.amount, p.cash, p.bonus, p.held, p.kind, p.reference), E'\n' order by p.wallet, p.version)
         from ledger.postings p where p.lane = b.lane and p.batch = b.batch) as postings
      from ledger.batches_before b where b.lane = _lane.lane order by b.batch
    loop
      _digest := ledger.batch_digest(_digest, _batch.batch, _batch.at, _batch.keys, _batch.postings);
      insert into ledger.batches values (_lane.lane, _batch.batch, _batch.at, _batch.transfers, _batch.keys, _digest);
    end loop;
    update ledger.lanes set digest = _digest where lane = _lane.lane;
  end loop;
end
$$;

drop table ledger.postings_before, ledger.transfers_before, ledger.batches_before;

-- Reversals may leave a debt where the caller says so; nothing else can.
alter table ledger.wallets add column overdrawn boolean not null default false;
alter table ledger.wallets drop constraint wallets_cash_not_negative;
alter table ledger.wallets add constraint wallets_cash_not_negative check (cash >= 0 or overdrawn);
insert into ledger.accounts (account, side, purpose) values
  ('player.shortfalls', 'house', 'what was taken back from players who had spent it, borne by the house');

alter table ledger.holds add column expires_at timestamptz;
create index holds_by_expiry on ledger.holds (expires_at) where expires_at is not null and captured + released < amount;

-- When the books were proven, how far back, and what was found.
create table ledger.proofs (
  at timestamptz primary key,
  since timestamptz not null,
  ok boolean not null,
  first_bad text
);

create view ledger.entries as
  select wallet, version, transfer, source as account, -amount as amount, kind, at, reference from ledger.postings
  union all
  select wallet, version, transfer, target, amount, kind, at, reference from ledger.postings;

revoke insert, update, delete, truncate on ledger.openings, ledger.archived from countroom_app;
revoke update, delete, truncate on ledger.postings, ledger.batches, ledger.proofs from countroom_app;
revoke update, delete, truncate on ledger.transfers from countroom_app;

/*
 * Forgets keys older than an instant, some at a time; answers how many. Nobody may ask for the last 120 days: that long a
 * key keeps its promise.
 */
create function ledger.expire_keys(_before timestamptz, _count int) returns int language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  _expired int;
begin
  if _before > now() - interval '120 days' then
    raise exception 'keys are kept for 120 days' using errcode = 'CR002';
  end if;
  delete from ledger.transfers where ctid in (select ctid from ledger.transfers where at < _before limit _count);
  get diagnostics _expired = row_count;
  return _expired;
end
$$;

/*
 * Detaches the postings of a month that ended before the keys' promise did: keeps the balances where each wallet's
 * remaining postings begin and the batches that ended, and leaves the month as a table of its own, to be kept elsewhere.
 * Two writers' clocks differ, so a wallet or a lane may have booked in the next month before it last booked in this one;
 * such postings go along, for the proof goes by versions and batches. Only the oldest month can go. Answers the table's name.
 */
create function ledger.detach_partition(_month date) returns text language plpgsql security definer
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
      'insert into ledger.openings as o select distinct on (wallet) wallet, version, cash, bonus, held from ledger.%I order by wallet, version desc
       on conflict (wallet) do update set version = excluded.version, cash = excluded.cash, bonus = excluded.bonus, held = excluded.held', _kept);
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
