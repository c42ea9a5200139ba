-- `ledger.post` again: what a batch nets for one account of the house may be beyond 64 bits, as the house's balances may.

/*
 * Books a batch of transfers for a lane. One element per leg in parallel arrays: the legs of a transfer stand together,
 * in the order they are applied, and carry its number in the batch (from 1), wallet, key and so on; a wallet appears in
 * one transfer at most. Answers one row per transfer, in their order, with a code:
 *   posted | replayed | key_reused | reversed_before | wallet_unknown | insufficient_funds | amount_invalid
 * and, for posted and replayed, the transfer's number and the wallet after it. Transfers refused leave their neighbours
 * alone. Money must be there when a leg takes it, unless `_overdraft` says that the cash may become a debt. A verdict is a
 * higher room's refusal for a transfer, empty when it has none; a repeat of a key comes before it.
 * Takes the wallets in order, then the lane, then the house: always that order, so nobody deadlocks.
 */
create or replace function ledger.post(
  _lane smallint, _holder text, _at timestamptz,
  _items int[], _wallets bigint[], _keys text[], _hashes uuid[], _kinds text[], _references text[], _verdicts text[],
  _sources text[], _targets text[], _amounts bigint[], _overdraft boolean,
  out item int, out code text, out transfer bigint, out cash bigint, out bonus bigint, out held bigint, out version bigint
) returns setof record language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
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
  with legs as ( -- each leg with the wallet before the transfer, and the pockets as they are after the leg
    select l.ord, l.item, l.wallet, l.key, l.hash, l.kind, nullif(l.reference, '') as reference, l.verdict,
           l.source, l.target, l.amount, w.player, w.currency, w.version as version_before,
           t.transfer as done, t.payload_hash as done_hash, t.legs as done_legs, t.cash as done_cash, t.bonus as done_bonus, t.held as done_held,
           t.version as done_version,
           row_number() over run as leg,
           w.cash + ledger.total(case 'cash' when l.target then l.moved when l.source then -l.moved else 0 end) over run as cash,
           w.bonus + ledger.total(case 'bonus' when l.target then l.moved when l.source then -l.moved else 0 end) over run as bonus,
           w.held + ledger.total(case 'held' when l.target then l.moved when l.source then -l.moved else 0 end) over run as held
    from (
      select *, least(greatest(amount, 0), 1000000000000000001) as moved
      from unnest(_items, _wallets, _keys, _hashes, _kinds, _references, _verdicts, _sources, _targets, _amounts)
        with ordinality as l (item, wallet, key, hash, kind, reference, verdict, source, target, amount, ord)
    ) l
    left join ledger.wallets w on w.wallet = l.wallet
    left join ledger.transfers t on t.wallet = l.wallet and t.key = l.key
    window run as (partition by l.item order by l.ord rows unbounded preceding)
  ),
  judged as ( -- each leg with what becomes of its transfer
    select *, leg = legs as last,
           case
             when version_before is null then 'wallet_unknown'
             when done_legs = 0 then 'reversed_before'
             when done is not null then case when done_hash = hash then 'replayed' else 'key_reused' end
             when verdict <> '' then verdict
             when amount_min <= 0 or amount_max > 1000000000000000000 or balance_max > 1000000000000000000 then 'amount_invalid'
             when left_min < 0 then 'insufficient_funds'
             else 'posted'
           end as code
    from (
      select *, count(*) over whole as legs, min(amount) over whole as amount_min, max(amount) over whole as amount_max,
             min(case source when 'cash' then case when _overdraft then 0 else cash end when 'bonus' then bonus when 'held' then held else 0 end)
               over whole as left_min,
             max(greatest(cash, bonus, held)) over whole as balance_max
      from legs window whole as (partition by item)
    ) l
  ),
  numbered as materialized ( -- a transfer gets its number at its first leg
    select j.*, version_before + leg as version,
           max(case when leg = 1 and code = 'posted' then nextval('ledger.transfer_numbers') end) over (partition by item) as number
    from judged j
  ),
  write_transfers as (
    insert into ledger.transfers (wallet, transfer, cash, bonus, held, version, at, batch, payload_hash, lane, legs, key)
    select wallet, number, cash, bonus, held, version, _at, _batch, hash, _lane, legs, key from numbered where code = 'posted' and last
  ),
  write_postings as (
    insert into ledger.postings (wallet, version, transfer, amount, cash, bonus, held, at, batch, lane, source, target, kind, reference)
    select wallet, version, number, amount, cash, bonus, held, _at, _batch, _lane, source, target, kind, reference
    from numbered where code = 'posted'
  ),
  write_wallets as (
    update ledger.wallets w
    set cash = n.cash, bonus = n.bonus, held = n.held, version = n.version, overdrawn = n.cash < 0 and (w.overdrawn or _overdraft)
    from numbered n where w.wallet = n.wallet and n.code = 'posted' and n.last
  ),
  digested as (
    select keys, ledger.batch_digest(_previous, _batch, _at, keys, postings) as digest, transfers
    from (
      select ledger.keys_digest(string_agg(ledger.line_of_key(wallet, player, currency, key, hash, number, version, legs), E'\n' order by wallet, version) filter (where last)) as keys,
        string_agg(ledger.line_of_posting(wallet, version, number, source, target, amount, cash, bonus, held, kind, reference), E'\n' order by wallet, version) as postings,
        count(*) filter (where last) as transfers
      from numbered where code = 'posted'
    ) batch
    where transfers > 0
  ),
  write_lane as (
    update ledger.lanes l set batch = _batch, digest = d.digest from digested d where l.lane = _lane
  ),
  write_batch as (
    insert into ledger.batches (lane, batch, at, transfers, keys, digest) select _lane, _batch, _at, transfers, keys, digest from digested
  ),
  net as (
    select account, currency, sum(amount) as amount from (
      select source as account, currency, -amount as amount from numbered where code = 'posted'
      union all
      select target, currency, amount from numbered where code = 'posted'
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
  select n.item, n.code, coalesce(n.number, n.done),
         case n.code when 'posted' then n.cash else n.done_cash end, case n.code when 'posted' then n.bonus else n.done_bonus end,
         case n.code when 'posted' then n.held else n.done_held end, case n.code when 'posted' then n.version else n.done_version end
  from numbered n where n.last
  order by n.item;
end
$$;
