-- An address that a player wants, until they showed the code that was sent to it.
create table players.email_changes (
  player text primary key references players.players,
  email bytea not null,
  code_mac bytea not null,
  epoch text not null,
  asked_at timestamptz not null,
  expires_at timestamptz not null,
  attempts int not null default 0
);
