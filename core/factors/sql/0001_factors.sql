-- What people prove themselves with, besides a password. A holder is a player or a member of staff.
create table factors.factors (
  factor text primary key,
  holder text not null,
  kind text not null check (kind in ('passkey', 'totp', 'sms')),
  label bytea, -- an envelope
  secret bytea, -- an envelope: the seed of an authenticator app, a telephone number; a passkey has none
  last_step bigint not null default 0, -- of an authenticator app: nothing up to this step is taken again
  offered_at timestamptz not null,
  added_at timestamptz, -- not before its holder has proven that they have it
  used_at timestamptz
);
create index factors_by_holder on factors.factors (holder, factor);

-- Public keys are for everybody.
create table factors.passkeys (
  factor text primary key references factors.factors on delete cascade,
  credential bytea not null unique,
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null,
  synced boolean not null, -- may be on several devices: the backup eligibility of the authenticator, which never changes
  backed_up boolean not null
);

-- Questions that wait for one answer.
create table factors.challenges (
  challenge bytea primary key,
  purpose text not null,
  holder text,
  binding bytea,
  user_verification boolean not null,
  expires_at timestamptz not null
);
create index challenges_by_end on factors.challenges (expires_at);

create table factors.recovery_codes (
  holder text not null,
  digest bytea not null,
  made_at timestamptz not null,
  used_at timestamptz,
  primary key (holder, digest)
);

-- Codes that were wrong, for slowing down guessing.
create table factors.failures (
  holder text not null,
  at timestamptz not null
);
create index failures_by_holder on factors.failures (holder, at);

-- The one code that was sent to somebody last, and how often codes were.
create table factors.sms_codes (
  holder text primary key,
  factor text not null references factors.factors on delete cascade,
  code bytea not null, -- an envelope
  attempts int not null default 0,
  expires_at timestamptz not null
);
create table factors.sms_sends (
  holder text not null,
  at timestamptz not null
);
create index sms_sends_by_holder on factors.sms_sends (holder, at);
