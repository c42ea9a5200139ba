-- Whether the log's leaf of what gave the stakes back has the round with it: not of those that were voided before there was such a
-- leaf, which read as they were sealed.
alter table games.voided_rounds add column in_log boolean not null default false;
alter table games.voided_rounds alter column in_log set default true;
create index voided_rounds_by_time on games.voided_rounds (at);

/*
 * `games.batch_rows` again: a round that was voided has its lines as well, with its steps and why. What has none reads as it did.
 */
create or replace function games.batch_rows(
  _lanes smallint[], _batches bigint[], _from timestamptz, _before timestamptz,
  out lane smallint, out batch bigint, out wallet bigint, out transfer bigint, out key text, out lines text
) returns setof record language plpgsql stable
set plan_cache_mode = force_generic_plan set enable_nestloop = off set enable_mergejoin = off set enable_seqscan = off
set max_parallel_workers_per_gather = 0 set work_mem = '32MB' as $$
#variable_conflict use_column
begin
  return query
  with wanted as materialized (
    select * from unnest(_lanes, _batches) w (lane, batch)
  ),
  posted as materialized ( -- sorted first: an aggregate with an order of its own would sort each transfer by itself
    select transfer, min(lane) as lane, min(batch) as batch, min(wallet) as wallet, string_agg(line, E'\n') as lines
    from (
      select p.transfer, p.lane, p.batch, p.wallet, 'posting ' || ledger.line_of_posting(
        p.wallet, p.version, p.transfer, p.source, p.target, p.amount, p.cash, p.bonus, p.held, p.kind, p.reference) as line
      from ledger.postings p join wanted w on w.lane = p.lane and w.batch = p.batch
      where p.at >= _from and p.at < _before
      order by p.transfer, p.version
    ) p
    group by transfer
  ),
  keyed as materialized (
    select t.transfer, t.lane, t.batch, t.wallet,
      ledger.line_of_key( -- player and currency in one: the wallet is looked up once
        t.wallet, (select w.player || '|' || w.currency from ledger.wallets w where w.wallet = t.wallet), null,
        t.key, t.payload_hash, t.transfer, t.version, t.legs) as key
    from ledger.transfers t join wanted w on w.lane = t.lane and w.batch = t.batch
    where t.at >= _from and t.at < _before
  ),
  booked as (
    select coalesce(p.lane, k.lane) as lane, coalesce(p.batch, k.batch) as batch, coalesce(p.wallet, k.wallet) as wallet,
      coalesce(p.transfer, k.transfer) as transfer, k.key, p.lines
    from posted p full join keyed k on k.transfer = p.transfer and k.lane = p.lane and k.batch = p.batch
  )
  select b.lane, b.batch, b.wallet, b.transfer, b.key,
    case when r.transfer is null and v.transfer is null then b.lines
      else concat(b.lines,
        E'\nround ' || concat_ws('|', r.session, r.game, r.version, r.stake, r.win)
          || E'\nchoice ' || r.choice || E'\ndraws ' || r.draws || E'\noutcome ' || r.outcome || coalesce(E'\nsteps ' || r.steps, ''),
        E'\nvoided ' || concat_ws('|', v.session, v.game, v.version, v.stake, v.round)
          || E'\nchoice ' || v.choice || E'\ndraws ' || v.draws || E'\nsteps ' || v.steps || E'\nreason ' || v.reason) end
  from booked b
  left join games.rounds r on r.transfer = b.transfer and r.wallet = b.wallet and r.at >= _from and r.at < _before
  left join games.voided_rounds v on v.transfer = b.transfer and v.wallet = b.wallet and v.at >= _from and v.at < _before and v.in_log
  order by b.lane, b.batch, b.transfer;
end
$$;
