create table sessions.credentials (
  player text primary key,
  password_hash text not null,
  changed_at timestamptz not null
);
-- Further factors get tables of their own; a session says what it was begun with.
create table sessions.sessions (
  session text primary key,
  digest bytea not null unique,
  player text not null,
  wallet bigint not null,
  currency text not null,
  factors text[] not null,
  begun_at timestamptz not null,
  wallet_version bigint not null,
  seen_at timestamptz not null,
  idle_seconds_max int not null,
  ends_at timestamptz not null,
  ended_at timestamptz
) with (fillfactor = 80);
create index sessions_by_player on sessions.sessions (player, begun_at);
create table sessions.failures (
  subject bytea not null,
  at timestamptz not null
);
create index failures_by_subject on sessions.failures (subject, at);

-- Which of these sessions are alive at an instant; for the batch that settles bets.
create function sessions.live(_ids text[], _at timestamptz) returns setof text language sql stable as $$
  select session from sessions.sessions
  where session = any (_ids) and ended_at is null and ends_at > _at
    and seen_at + make_interval(secs => idle_seconds_max) > _at
$$;
