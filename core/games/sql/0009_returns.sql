-- What each version of each game took and gave in a day (UTC), by the level of the stake: what the figures of a game and the monitor of
-- its return are made of. `expected` and `variance` are what chance decides of `returned`, in minor units and their square; a row whose
-- version was not here when it was counted is not `known` and not judged.
create table games.returns (
  game text not null,
  version text not null,
  currency text not null,
  level bigint not null, -- minor units: 1, 2, 5, 10, 20 …; stakes from here to the next
  day date not null,
  rounds bigint not null,
  staked numeric not null,
  won numeric not null,
  returned numeric not null, -- less what moves staked besides, and before double or nothing
  expected numeric not null,
  variance numeric not null,
  known boolean not null,
  gambles bigint not null,
  gambled numeric not null,
  gambles_won bigint not null,
  gamble_wins numeric not null,
  primary key (game, version, currency, level, day)
);
create index returns_by_day on games.returns (day);

-- Up to when rounds are in it, and the last day that was judged.
create table games.counted (until timestamptz not null, judged date not null);
create unique index only_one_counted on games.counted ((true));
insert into games.counted (until, judged) values (date_trunc('day', now(), 'UTC'), (now() at time zone 'UTC')::date - 1);

-- Returns that were outside what chance allows, once for each window and day.
create table games.return_alarms (
  day date not null,
  days int not null, -- the window that ends with the day; 0 is the day while it lasts
  game text not null,
  version text not null,
  currency text not null,
  level bigint not null,
  rounds bigint not null,
  staked numeric not null,
  returned numeric not null,
  expected numeric not null,
  deviations numeric not null, -- standard deviations of the sum, with a sign
  at timestamptz not null,
  primary key (day, days, game, version, currency, level)
);
