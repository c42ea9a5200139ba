-- Who did what: append-only and hash-linked. The head is one row, locked last by whoever appends, so that numbers have
-- no gap and the chain no fork.
create table audit.records (
  seq bigint primary key,
  at timestamptz not null,
  actor_kind text not null,
  actor text not null,
  address text not null,
  action text not null,
  subject text not null,
  reason text not null,
  detail text not null,
  request_id text not null,
  previous bytea not null,
  hash bytea not null
);
create index records_by_subject on audit.records (subject, seq);
create index records_by_actor on audit.records (actor, seq);

create table audit.head (
  one boolean primary key default true check (one),
  seq bigint not null,
  hash bytea not null
);
insert into audit.head (seq, hash) values (0, '\x');

create table audit.checkpoints (
  seq bigint primary key,
  at timestamptz not null,
  hash bytea not null,
  signature bytea not null
);

-- The canonical bytes of a record, each field with its length before it.
create function audit.content(r audit.records) returns bytea language sql immutable as $$
  select convert_to(string_agg(length(f) || ':' || f, ',' order by n), 'UTF8')
  from unnest(array[
    r.seq::text, to_char(r.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), r.actor_kind, r.actor, r.address,
    r.action, r.subject, r.reason, r.detail, r.request_id]) with ordinality as fields (f, n)
$$;

create function audit.append(
  _at timestamptz, _actor_kind text, _actor text, _address text, _action text, _subject text, _reason text, _detail text, _request_id text
) returns bigint language plpgsql security definer set search_path = '' as $$
declare
  _head audit.head;
  _record audit.records;
begin
  select * into strict _head from audit.head for update;
  _record := row(_head.seq + 1, _at, _actor_kind, _actor, _address, _action, _subject, _reason, _detail, _request_id, _head.hash, '\x'::bytea);
  _record.hash := sha256(_head.hash || audit.content(_record));
  insert into audit.records select _record.*;
  update audit.head set seq = _record.seq, hash = _record.hash;
  return _record.seq;
end
$$;

-- Records are made by audit.append alone, and nothing unmakes them.
revoke insert, update, delete, truncate on audit.records, audit.head from countroom_app;
revoke update, delete, truncate on audit.checkpoints from countroom_app;
