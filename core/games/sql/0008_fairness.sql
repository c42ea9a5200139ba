-- Seeds of provably fair rounds: the house's is sealed and committed to by its SHA-256, the player's words are theirs; each pair makes
-- rounds 0, 1, 2 … and is shown when it makes no more.
create table games.fair_seeds (
  seed uuid primary key,
  wallet bigint not null,
  game text not null,
  commitment text not null,
  sealed bytea not null,
  client_seed text not null,
  nonce bigint not null default 0, -- of the next round
  begun_at timestamptz not null,
  ended_at timestamptz
);
create unique index fair_seeds_in_use on games.fair_seeds (wallet, game) where ended_at is null;
create index fair_seeds_of on games.fair_seeds (wallet, game, begun_at);

-- Which seeds made a round, and the how-manieth it was.
create table games.fair_rounds (
  wallet bigint not null,
  round bigint not null,
  seed uuid not null,
  nonce bigint not null,
  primary key (wallet, round),
  unique (seed, nonce)
);
revoke delete, truncate on games.fair_seeds from countroom_app;
revoke update, delete, truncate on games.fair_rounds from countroom_app;
