-- `ledger.detach_partition` again: it keeps nobody from booking for longer than it must.

/*
 * Detaches the postings of a month that ended before the keys' promise did: keeps the balances where each wallet's
 * remaining postings begin, with the last instant that went, and the batches that ended, and leaves the month as a table of
 * its own, to be kept elsewhere. Two writers' clocks differ, so a wallet or a lane may have booked in the next month before
 * it last booked in this one; such postings go along, for the proof goes by versions and batches. Only the oldest month can
 * go. Answers the table's name.
 *
 * Everybody who books waits while a month is detached, so what takes long, a sort of the whole month, comes before; nothing is
 * booked in it any more. Behind a long reader it gives up after a second, rather than let everybody queue behind it.
 */
create or replace function ledger.detach_partition(_month date) returns text language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
declare
  _first date := date_trunc('month', _month);
  _name text := 'postings_' || to_char(_first, 'YYYY_MM');
  _kept text := 'archived_' || _name;
  _end timestamptz := (_first + interval '1 month') at time zone 'UTC';
  _taken int;
  _openings text;
  _archived text;
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
  _openings := 'insert into ledger.openings as o (wallet, version, cash, bonus, held, at)
    select distinct on (wallet) wallet, version, cash, bonus, held, max(at) over (partition by wallet)
    from ledger.%I order by wallet, version desc
    on conflict (wallet) do update set version = excluded.version, cash = excluded.cash, bonus = excluded.bonus,
      held = excluded.held, at = greatest(o.at, excluded.at)';
  _archived := 'insert into ledger.archived as a select lane, max(batch) from ledger.%I group by lane
    on conflict (lane) do update set batch = excluded.batch';
  execute format(_openings, _name);
  execute format(_archived, _name);
  set local lock_timeout = '1s';
  execute format('alter table ledger.postings detach partition ledger.%I', _name);
  execute format('alter table ledger.%I rename to %I', _name, _kept);
  loop
    execute format(
      'with early as (
         delete from ledger.postings p where p.at < %L and (
           exists (select from ledger.openings o where o.wallet = p.wallet and p.version <= o.version)
           or exists (select from ledger.archived a where a.lane = p.lane and p.batch <= a.batch))
         returning *)
       insert into ledger.%I select * from early', _end + interval '1 day', _kept);
    get diagnostics _taken = row_count;
    exit when _taken = 0;
    execute format(_openings, _kept);
    execute format(_archived, _kept);
  end loop;
  return 'ledger.' || _kept;
end
$$;
