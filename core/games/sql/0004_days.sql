-- What each wallet staked and won in a day (UTC), and which of the two sums was told as large.
create table games.days (
  wallet bigint not null,
  day date not null,
  rounds int not null,
  staked numeric not null,
  won numeric not null,
  stakes_told boolean not null default false,
  wins_told boolean not null default false,
  primary key (wallet, day)
) with (fillfactor = 80);

-- Up to which instant rounds are in these sums.
create table games.summed (until timestamptz not null);
create unique index only_one_summed on games.summed ((true));
insert into games.summed (until) values (date_trunc('day', now(), 'UTC'));

/*
 * Adds the rounds from where it last ended up to `_until`, and answers which wallet went over a bound of its currency on which
 * day, once for each bound and day. A round is read once, by its time, so this costs what is new and not what there is.
 */
create function games.sum_days(
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
  with fresh as materialized (
    insert into games.days as d (wallet, day, rounds, staked, won)
    select r.wallet, (r.at at time zone 'UTC')::date, count(*)::int, sum(r.stake), sum(r.win)
    from games.rounds r where r.at >= _from and r.at < _until
    group by 1, 2
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
