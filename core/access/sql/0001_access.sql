-- Who may ask for tokens: machines of partners, and the operator's own apps. A name is never given to another client.
create table access.clients (
  client text primary key,
  name text not null,
  kind text not null check (kind in ('machine', 'app')),
  authentication text not null check (authentication in ('key', 'certificate')),
  keys jsonb not null,
  component text,
  binding text not null check (binding in ('dpop', 'certificate')),
  scopes text[] not null,
  redirect_uris text[] not null,
  pushed boolean not null,
  added_at timestamptz not null,
  -- Tokens of before are refused: a change is felt at once.
  tokens_from timestamptz,
  removed_at timestamptz
);

-- Codes, tokens, grants, pushed requests and what was used once, under the digest of what their holder shows. The payload is
-- without it.
create table access.artifacts (
  kind text not null,
  digest bytea not null,
  payload text not null, -- JSON; of a kind jsonb does not take, since strangers may send any character
  client text,
  grant_id text,
  uid text,
  account text,
  expires_at timestamptz not null,
  consumed_at timestamptz,
  primary key (kind, digest)
);
create index artifacts_by_grant on access.artifacts (grant_id) where grant_id is not null;
create index artifacts_by_uid on access.artifacts (uid) where uid is not null;
create index artifacts_by_account on access.artifacts (account) where account is not null;
create index artifacts_by_client on access.artifacts (client) where client is not null;
create index artifacts_by_end on access.artifacts (expires_at);
