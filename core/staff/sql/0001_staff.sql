create table staff.members (
  staff text primary key,
  login text not null unique,
  role text not null,
  password_hash text not null,
  enrolled_at timestamptz not null,
  disabled_at timestamptz
);
-- A one-time link; only the digest of its secret is kept.
create table staff.enrolments (
  digest bytea primary key,
  role text not null,
  made_by text not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create table staff.sessions (
  session text primary key,
  digest bytea not null unique,
  staff text not null references staff.members,
  begun_at timestamptz not null,
  seen_at timestamptz not null,
  ends_at timestamptz not null,
  ended_at timestamptz
);
create table staff.failures (
  subject text not null,
  at timestamptz not null
);
create index failures_by_subject on staff.failures (subject, at);
