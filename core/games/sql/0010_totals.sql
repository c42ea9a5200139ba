-- What each wallet staked and won with each game in a day (UTC), for as long as rounds are kept [GLI-2.5.7b].
create table games.totals (
  wallet bigint not null,
  day date not null,
  game text not null,
  rounds int not null,
  staked numeric not null,
  won numeric not null,
  primary key (wallet, day, game)
) with (fillfactor = 80);

insert into games.totals (wallet, day, game, rounds, staked, won)
select r.wallet, (r.at at time zone 'UTC')::date, r.game, count(*)::int, sum(r.stake), sum(r.win)
from games.rounds r, games.summed s where r.at < s.until
group by 1, 2, 3;

-- `games.sum_days` again: it writes the sums by game as well. The rest is as it was.
create or replace function games.sum_days(
  _until timestamptz, _currencies text[], _stake_bounds numeric[], _win_bounds numeric[],
  out wallet bigint, out player text, out currency text, out day date, out rounds int, out staked numeric, out won numeric,
  out stakes_large boolean, out wins_large boolean
) returns setof record language plpgsql as $$
#variable_conflict use_column
declare
  _from timestamptz;
begin
  select until into _from from games.summed for update;
  if _until <= _from then return; end if;
  update games.summed set until = _until;

  return query
  with played as materialized (
    select r.wallet, (r.at at time zone 'UTC')::date as day, r.game, count(*)::int as rounds, sum(r.stake) as staked, sum(r.win) as won
    from games.rounds r where r.at >= _from and r.at < _until
    group by 1, 2, 3
  ),
  by_game as (
    insert into games.totals as t (wallet, day, game, rounds, staked, won)
    select wallet, day, game, rounds, staked, won from played
    on conflict (wallet, day, game) do update set
      rounds = t.rounds + excluded.rounds, staked = t.staked + excluded.staked, won = t.won + excluded.won
  ),
  fresh as materialized (
    insert into games.days as d (wallet, day, rounds, staked, won)
    select wallet, day, sum(rounds)::int, sum(staked), sum(won) from played group by 1, 2
    on conflict (wallet, day) do update set
      rounds = d.rounds + excluded.rounds, staked = d.staked + excluded.staked, won = d.won + excluded.won
    returning d.wallet, d.day, d.rounds, d.staked, d.won, d.stakes_told, d.wins_told
  )
  select f.wallet, w.player, w.currency, f.day, f.rounds, f.staked, f.won,
    f.staked >= b.stakes and not f.stakes_told, f.won >= b.wins and not f.wins_told
  from fresh f
  join ledger.wallets w on w.wallet = f.wallet
  join unnest(_currencies, _stake_bounds, _win_bounds) as b (currency, stakes, wins) on b.currency = w.currency
  where (f.staked >= b.stakes and not f.stakes_told) or (f.won >= b.wins and not f.wins_told)
  order by f.wallet, f.day;
end
$$;

/*
 * The rounds of a wallet that are not in the sums yet, newest first. It reads no further back than it must, ten minutes more than
 * the sums reach, because two writers' clocks differ: whoever has played for years is answered as fast.
 */
create function games.not_summed(
  _wallet bigint, out day date, out game text, out stake bigint, out win bigint
) returns setof record language plpgsql stable as $$
declare
  _until timestamptz := (select s.until from games.summed s);
  _round record;
begin
  for _round in select r.game, r.stake, r.win, r.at from games.rounds r where r.wallet = _wallet order by r.transfer desc loop
    exit when _round.at < _until - interval '10 minutes';
    continue when _round.at < _until;
    day := (_round.at at time zone 'UTC')::date;
    game := _round.game;
    stake := _round.stake;
    win := _round.win;
    return next;
  end loop;
end
$$;
