-- Where the licence lets a player have one game of a kind at a time, a round that waits keeps another from beginning: `games.judge` asks for
-- that too, and `games.settle` passes it on. The rest is as it was.
drop function games.settle(
  smallint, text, timestamptz, bigint[], text[], text[], text[], bigint[], bigint[], text[], text[], text[], bigint[], text[], int[],
  int[], bigint[], text[], uuid[], text[], text[], bigint[]
);
drop function games.judge(timestamptz, bigint[], text[], text[], text[], bigint[], bigint[], text[], int[]);

/*
 * May these rounds begin? One word per round, empty where nothing stands against it:
 *   cool_off | self_exclusion | session_ended | game_closed | round_open | other_open | stake_too_high | too_soon
 * Asked under the wallets' locks. `_caps` is the most one round may stake; `_paced_games` and `_paced_ms` say how long the licence wants
 * between the start of a game and the next start, and are empty where it does not; of `_sole_games` a player has one at a time.
 */
create function games.judge(
  _at timestamptz, _wallets bigint[], _sessions text[], _games text[], _versions text[], _stakes bigint[], _caps bigint[],
  _paced_games text[], _paced_ms int[], _sole_games text[]
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
      when i.game = any (_sole_games)
        and exists (select from games.open_rounds r where r.wallet = i.wallet and r.game = any (_sole_games)) then 'other_open'
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
 * Settles rounds of one step, of different wallets, in one transaction: under the wallets' locks it asks whether each may begin
 * (`games.judge`); books stake and win; writes the rounds. One element per round in the first arrays and one per leg in the last, as
 * `ledger.post` takes them. Answers per round a code (posted | replayed | what the judge says | what ledger.post says) and the round; a
 * repeat of what began a round of several steps answers its transfer, and no outcome.
 */
create function games.settle(
  _lane smallint, _holder text, _at timestamptz,
  _wallets bigint[], _sessions text[], _games text[], _versions text[], _stakes bigint[], _wins bigint[],
  _choices text[], _draws text[], _outcomes text[], _caps bigint[], _paced_games text[], _paced_ms int[], _sole_games text[],
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
  _judged := games.judge(_at, _wallets, _sessions, _games, _versions, _stakes, _caps, _paced_games, _paced_ms, _sole_games);
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
