create table base.idempotency (
  caller text not null,
  operation text not null,
  key text not null,
  payload_hash bytea not null,
  status smallint,
  body text,
  created_at timestamptz not null default now(),
  primary key (caller, operation, key)
);
create index idempotency_by_age on base.idempotency using brin (created_at);

create table base.events (
  id text primary key,
  name text not null,
  subject text not null,
  payload jsonb not null,
  created_at timestamptz not null default now(),
  heard_at timestamptz
);
create index events_unheard on base.events (id) where heard_at is null;
