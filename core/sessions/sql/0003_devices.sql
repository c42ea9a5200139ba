-- A browser that signed in to an account and is known to it from then on; its cookie is kept as a digest. One browser may be known to several.
create table sessions.devices (
  device text primary key,
  digest bytea not null,
  player text not null,
  known_at timestamptz not null,
  seen_at timestamptz not null,
  unique (player, digest)
);

-- A sign-in: which device, when, and sealed from where and with what. It goes on through the sessions that follow each other at a step-up.
create table sessions.sign_ins (
  sign_in text primary key,
  player text not null,
  device text,
  origin bytea,
  at timestamptz not null
);
create index sign_ins_by_player on sessions.sign_ins (player, at);
alter table sessions.sessions add column sign_in text;
insert into sessions.sign_ins (sign_in, player, at) select session, player, begun_at from sessions.sessions;
update sessions.sessions set sign_in = session;
alter table sessions.sessions alter column sign_in set not null;
create index sessions_by_sign_in on sessions.sessions (sign_in);

-- An account, by player or by the blind index of an address that nobody has, which unknown devices are kept out of until a second factor is shown.
create table sessions.locks (
  subject bytea primary key,
  at timestamptz not null
);

-- The MAC of a code sent to the player's address.
create table sessions.codes (
  player text primary key,
  asked_at timestamptz not null,
  code_mac bytea,
  epoch text not null,
  expires_at timestamptz not null,
  attempts int not null default 0
);
create index failures_by_time on sessions.failures (at);
