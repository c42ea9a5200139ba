-- Rounds of several steps. An open one waits for its player: what was staked is held, `round` is the transfer that took the first
-- stake and names the round for ever. What it hides stands in `state` and `draws`; `steps` is all that happened so far.
create table games.open_rounds (
  wallet bigint not null,
  game text not null,
  round bigint not null,
  version text not null,
  session text not null,
  stake bigint not null, -- so far
  holds text[] not null, -- what holds it
  choice text not null,
  state text not null,
  draws text not null,
  steps text not null,
  begun_at timestamptz not null,
  at timestamptz not null, -- of the last step
  primary key (wallet, game) -- one of each game at a time [GLI-4.16.3]
);
create index open_rounds_by_time on games.open_rounds (at);

-- A round that was settled in several steps; all three are null for one that was settled at once, and then its transfer names it.
alter table games.rounds add column round bigint, add column begun_at timestamptz, add column steps text;
create unique index rounds_of_steps on games.rounds (wallet, round) where round is not null;

-- Rounds that could not be continued: every stake went back. They are no games played, so they stand apart.
create table games.voided_rounds (
  wallet bigint not null,
  transfer bigint not null, -- gave the stakes back
  round bigint not null,
  session text not null,
  game text not null,
  version text not null,
  stake bigint not null,
  choice text not null,
  draws text not null,
  steps text not null,
  reason text not null,
  begun_at timestamptz not null,
  at timestamptz not null,
  cash bigint not null,
  bonus bigint not null,
  held bigint not null,
  primary key (wallet, transfer)
);
create unique index voided_rounds_of_steps on games.voided_rounds (wallet, round);
revoke update, delete, truncate on games.voided_rounds from countroom_app;

-- A version of a game may be closed by itself, and all play at once [GLI-2.4.1a] [GLI-2.4.1b]: game `*` is every game, version `*` every version.
alter table games.closures add column version text not null default '*';
alter table games.closures drop constraint closures_pkey, add primary key (game, version);

/*
 * May these rounds begin? One word per round, empty where nothing stands against it:
 *   cool_off | self_exclusion | session_ended | game_closed | round_open | stake_too_high | too_soon
 * Asked under the wallets' locks. `_caps` is the most one round may stake; `_paced_games` and `_paced_ms` say how long the licence wants
 * between the start of a game and the next start, and are empty where it does not.
 */
create function games.judge(
  _at timestamptz, _wallets bigint[], _sessions text[], _games text[], _versions text[], _stakes bigint[], _caps bigint[],
  _paced_games text[], _paced_ms int[]
) returns text[] language plpgsql stable
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  _verdicts text[];
begin
  select array_agg(
    case
      when b.kind is not null then b.kind
      when s.session is null then 'session_ended'
      when o.game is not null and o.version is distinct from i.version then 'game_closed'
      when exists (select from games.closures c where c.game in (i.game, '*') and c.version in (i.version, '*')) then 'game_closed'
      when exists (select from games.open_rounds r where r.wallet = i.wallet and r.game = i.game) then 'round_open'
      when i.stake > i.cap then 'stake_too_high'
      else ''
    end order by i.item)
  into _verdicts
  from unnest(_wallets, _sessions, _games, _versions, _stakes, _caps) with ordinality as i (wallet, session, game, version, stake, cap, item)
  left join protection.barred(_wallets, _at) b on b.wallet = i.wallet
  left join sessions.live(_sessions, _at) as s (session) on s.session = i.session
  left join games.offers o on o.game = i.game;

  if cardinality(_paced_games) > 0 then
    for _item in 1 .. cardinality(_wallets) loop
      if _verdicts[_item] = '' and _at < games.next_start(_wallets[_item], _at, _paced_games, _paced_ms) then
        _verdicts[_item] := 'too_soon';
      end if;
    end loop;
  end if;
  return _verdicts;
end
$$;

/*
 * When a wallet may begin its next round: so long after the start of an earlier one as that one's game takes at least. What began within
 * that time is open yet, or was settled within it, and so is among the last that were.
 */
create function games.next_start(_wallet bigint, _at timestamptz, _paced_games text[], _paced_ms int[]) returns timestamptz language sql stable
as $$
  select max(begun_at + make_interval(secs => _paced_ms[array_position(_paced_games, game)] / 1000.0)) from (
    (select game, coalesce(begun_at, at) as begun_at from games.rounds where wallet = _wallet order by transfer desc limit 32)
    union all
    select game, begun_at from games.open_rounds where wallet = _wallet
  ) started
$$;

drop function games.settle(
  smallint, text, timestamptz, bigint[], text[], text[], text[], bigint[], bigint[], text[], text[], text[],
  int[], bigint[], text[], uuid[], text[], text[], bigint[]
);

/*
 * Settles rounds of one step, of different wallets, in one transaction: under the wallets' locks it asks whether each may begin
 * (`games.judge`); books stake and win; writes the rounds. One element per round in the first arrays and one per leg in the last, as
 * `ledger.post` takes them. Answers per round a code (posted | replayed | what the judge says | what ledger.post says) and the round; a
 * repeat of what began a round of several steps answers its transfer, and no outcome.
 */
create function games.settle(
  _lane smallint, _holder text, _at timestamptz,
  _wallets bigint[], _sessions text[], _games text[], _versions text[], _stakes bigint[], _wins bigint[],
  _choices text[], _draws text[], _outcomes text[], _caps bigint[], _paced_games text[], _paced_ms int[],
  _leg_items int[], _leg_wallets bigint[], _leg_keys text[], _leg_hashes uuid[], _leg_sources text[], _leg_targets text[], _leg_amounts bigint[],
  out item int, out code text, out transfer bigint, out game text, out version text, out stake bigint, out win bigint,
  out outcome text, out cash bigint, out bonus bigint, out held bigint, out at timestamptz
) returns setof record language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
#variable_conflict use_column
declare
  _judged text[];
  _verdicts text[];
  _kinds text[] := array_fill('round'::text, array[cardinality(_leg_items)]);
  _references text[] := array_fill(''::text, array[cardinality(_leg_items)]);
begin
  perform from ledger.wallets where wallet = any (_wallets) order by wallet for no key update;
  _judged := games.judge(_at, _wallets, _sessions, _games, _versions, _stakes, _caps, _paced_games, _paced_ms);
  _verdicts := array(select _judged[l.item] from unnest(_leg_items) with ordinality as l (item, ord) order by l.ord);

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
    case s.code when 'replayed' then r.outcome else s.outcome end, s.cash, s.bonus, s.held, coalesce(r.at, _at)
  from settled s
  left join games.rounds r on s.code = 'replayed' and r.wallet = s.wallet and r.transfer = s.transfer
  order by s.item;
end
$$;

/*
 * `games.batch_rows` again: a round of several steps has a line with them. What has none reads as it did.
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
    case when r.transfer is null then b.lines
      else concat(b.lines, E'\nround ', r.session, '|', r.game, '|', r.version, '|', r.stake, '|', r.win,
        E'\nchoice ', r.choice, E'\ndraws ', r.draws, E'\noutcome ', r.outcome, E'\nsteps ' || r.steps) end
  from booked b left join games.rounds r on r.transfer = b.transfer and r.wallet = b.wallet and r.at >= _from and r.at < _before
  order by b.lane, b.batch, b.transfer;
end
$$;
