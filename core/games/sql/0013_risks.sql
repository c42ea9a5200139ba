-- Moves by which players put at stake again what they had: one more tile, double or nothing. Each is chance of its own, so that their sums
-- are judged beside those of rounds, which tell of what comes before.
alter table games.returns
  add column moves bigint not null default 0,
  add column moves_staked numeric not null default 0, -- what they had before
  add column moves_returned numeric not null default 0,
  add column moves_expected numeric not null default 0,
  add column moves_variance numeric not null default 0;

alter table games.return_alarms
  add column part text not null default 'rounds' check (part in ('rounds', 'moves')), -- which of the sums was outside; `rounds` counts them
  drop constraint return_alarms_pkey,
  add primary key (day, days, game, version, currency, level, part);
