-- Which version of a game is offered, and with it which return: what two people let in. Null: none yet. A game without a row was
-- never looked at by a start, which makes one.
create table games.offers (
  game text primary key,
  version text,
  rtp text, -- such as 97.2972 %
  since timestamptz not null,
  proposal text, -- null: it came with the first installation
  check ((version is null) = (rtp is null))
);
revoke delete, truncate on games.offers from countroom_app;

-- Who closed a game; null for those of before.
alter table games.closures add column closed_by text;

-- `games.settle` again: a version that is not the offered one is closed. The rest is as it was.
create or replace function games.settle(
  _lane smallint, _holder text, _at timestamptz,
  _wallets bigint[], _sessions text[], _games text[], _versions text[], _stakes bigint[], _wins bigint[],
  _choices text[], _draws text[], _outcomes text[],
  _leg_items int[], _leg_wallets bigint[], _leg_keys text[], _leg_hashes uuid[], _leg_sources text[], _leg_targets text[], _leg_amounts bigint[],
  out item int, out code text, out transfer bigint, out game text, out version text, out stake bigint, out win bigint,
  out outcome text, out cash bigint, out bonus bigint, out held bigint, out at timestamptz
) returns setof record language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  _verdicts text[];
  _kinds text[] := array_fill('round'::text, array[cardinality(_leg_items)]);
  _references text[] := array_fill(''::text, array[cardinality(_leg_items)]);
begin
  perform from ledger.wallets where wallet = any (_wallets) order by wallet for no key update;

  select array_agg(
    case
      when b.kind is not null then b.kind
      when s.session is null then 'session_ended'
      when c.game is not null or (o.game is not null and o.version is distinct from _versions[l.item]) then 'game_closed'
      else ''
    end order by l.ord)
  into _verdicts
  from unnest(_leg_items, _leg_wallets) with ordinality as l (item, wallet, ord)
  left join protection.barred(_wallets, _at) b on b.wallet = l.wallet
  left join sessions.live(_sessions, _at) as s (session) on s.session = _sessions[l.item]
  left join games.closures c on c.game = _games[l.item]
  left join games.offers o on o.game = _games[l.item];

  return query
  with settled as materialized (
    select * from rows from (
      ledger.post(_lane, _holder, _at, _leg_items, _leg_wallets, _leg_keys, _leg_hashes, _kinds, _references, _verdicts,
        _leg_sources, _leg_targets, _leg_amounts, false),
      unnest(_wallets, _sessions, _games, _versions, _stakes, _wins, _choices, _draws, _outcomes)
    ) as b (item, code, transfer, cash, bonus, held, balance_version, wallet, session, game, version, stake, win, choice, draws, outcome)
  ),
  write_rounds as (
    insert into games.rounds (wallet, transfer, session, game, version, stake, win, choice, draws, outcome, cash, bonus, held, at)
    select wallet, transfer, session, game, version, stake, win, choice, draws, outcome, cash, bonus, held, _at
    from settled where code = 'posted'
  )
  select s.item, s.code, s.transfer,
    coalesce(r.game, s.game), coalesce(r.version, s.version), coalesce(r.stake, s.stake), coalesce(r.win, s.win),
    coalesce(r.outcome, s.outcome), s.cash, s.bonus, s.held, coalesce(r.at, _at)
  from settled s
  left join games.rounds r on s.code = 'replayed' and r.wallet = s.wallet and r.transfer = s.transfer
  order by s.item;
end
$$;
