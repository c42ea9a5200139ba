-- The private authority: who may have a certificate, which were made, which are taken back. Nothing here is ever changed;
-- what a row says is undone by another row. Only the current revocation lists are replaced.

-- Certificates of the authority itself: a root signs the issuing one, each under a key of the token.
create table pki.authorities (
  serial text primary key,
  kind text not null check (kind in ('root', 'issuing')),
  key text not null,
  issuer text not null,
  not_before timestamptz not null,
  not_after timestamptz not null,
  certificate bytea not null
);

-- One-time permission for a component to ask for its first certificate; only the token's digest is kept.
create table pki.enrolments (
  digest bytea primary key,
  component text not null,
  role text not null,
  names text[] not null,
  offered_by text not null,
  offered_at timestamptz not null,
  expires_at timestamptz not null
);
create index enrolments_by_component on pki.enrolments (component, offered_at);

-- What a component asked for: by a token, which is used up by the row, or by the certificate it has.
create table pki.requests (
  request text primary key,
  component text not null,
  enrolment bytea unique references pki.enrolments,
  renews text,
  spki bytea not null,
  at timestamptz not null,
  check ((enrolment is null) <> (renews is null))
);
create index requests_by_component on pki.requests (component, at);

create table pki.certificates (
  serial text primary key,
  request text not null unique references pki.requests,
  component text not null,
  role text not null,
  names text[] not null,
  authority text not null references pki.authorities,
  not_before timestamptz not null,
  not_after timestamptz not null,
  certificate bytea not null
);
create index certificates_by_component on pki.certificates (component, not_after);

create table pki.revocations (
  serial text primary key references pki.certificates,
  at timestamptz not null,
  reason text not null,
  revoked_by text not null
);

-- From this instant on a component is disabled, until it is enrolled again.
create table pki.dismissals (
  component text not null,
  at timestamptz not null,
  reason text not null,
  primary key (component, at)
);

-- The current signed list of each authority certificate.
create table pki.lists (
  authority text primary key references pki.authorities,
  number bigint not null,
  this_update timestamptz not null,
  next_update timestamptz not null,
  says bytea not null, -- digest of the serials on it
  list bytea not null
);

revoke update, delete, truncate on pki.authorities, pki.enrolments, pki.requests, pki.certificates, pki.revocations, pki.dismissals
  from countroom_app;
revoke delete, truncate on pki.lists from countroom_app;
