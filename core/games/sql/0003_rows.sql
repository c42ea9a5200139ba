-- What a batch of the ledger booked, with the rounds it settled: what the audit log seals.

drop index games.rounds_by_time;
create index rounds_by_time on games.rounds using brin (at) with (pages_per_range = 32, autosummarize);

/*
 * What batches booked from an instant on and before another, one row per transfer, in order: the line of its key, while the
 * ledger has it; and what it did, a line per posting and four for the round if there is one. Instants stand in the batch.
 *
 * Planned for many rows: the planner, which cannot know how many there are in a second, would look each up by itself.
 */
create function games.batch_rows(
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
    case when r.transfer is null then b.lines
      else concat(b.lines, E'\nround ', r.session, '|', r.game, '|', r.version, '|', r.stake, '|', r.win,
        E'\nchoice ', r.choice, E'\ndraws ', r.draws, E'\noutcome ', r.outcome) end
  from booked b left join games.rounds r on r.transfer = b.transfer and r.wallet = b.wallet and r.at >= _from and r.at < _before
  order by b.lane, b.batch, b.transfer;
end
$$;
