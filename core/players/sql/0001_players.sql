create table players.players (
  player text primary key,
  status text not null check (status in ('pending_email', 'active', 'suspended', 'closed')),
  country text not null,
  currency text not null,
  email_index bytea not null unique,
  email bytea not null,
  profile bytea not null,
  terms_version text not null,
  privacy_version text not null,
  terms_accepted_at timestamptz not null,
  registered_at timestamptz not null
);
create table players.confirmations (
  player text primary key references players.players,
  code_mac bytea not null,
  expires_at timestamptz not null,
  attempts int not null default 0
);
