create table protection.limits (
  player text not null,
  period text not null check (period in ('day', 'week', 'month')),
  amount bigint check (amount >= 0),
  next_amount bigint check (next_amount >= 0),
  next_from timestamptz,
  changed_at timestamptz not null,
  primary key (player, period)
);
-- Times a player may not play. A bar is never shortened, only followed by another.
create table protection.bars (
  wallet bigint not null,
  bar text not null,
  player text not null,
  kind text not null check (kind in ('cool_off', 'self_exclusion')),
  since timestamptz not null,
  until timestamptz not null,
  primary key (wallet, bar)
);
create table protection.deposits (
  player text not null,
  deposit text not null,
  amount bigint not null check (amount > 0),
  at timestamptz not null,
  primary key (player, deposit)
);
create index deposits_by_time on protection.deposits (player, at);
revoke update, delete, truncate on protection.bars, protection.deposits from countroom_app;

-- The wallets that may not play at an instant; for the batch that settles bets, under the wallets' locks.
create function protection.barred(_wallets bigint[], _at timestamptz) returns table (wallet bigint, kind text)
language sql stable as $$
  select distinct on (b.wallet) b.wallet, b.kind from protection.bars b
  where b.wallet = any (_wallets) and b.since <= _at and b.until > _at order by b.wallet, b.until desc
$$;
