-- A limit the house sets on a player, beside the player's own; the tighter of both decides.
create table protection.imposed (
  player text not null,
  period text not null check (period in ('day', 'week', 'month')),
  amount bigint not null check (amount >= 0),
  approval text not null,
  imposed_at timestamptz not null,
  primary key (player, period)
);
