-- Events instead of a chain: each is inserted by itself in the transaction of what it tells, so nobody waits for a head.
-- The text in `entry` is what a leaf of the log is made of, byte for byte; the other columns repeat parts of it for searching.
create table audit.events (
  id uuid primary key,
  at timestamptz not null,
  code text not null,
  outcome text not null,
  actor_kind text not null,
  actor text not null,
  subject text not null,
  player text,
  request_id text not null,
  entry text not null check (octet_length(entry) between 1 and 65535),
  sealed bytea
);
create index events_by_code on audit.events (code, id);
create index events_by_actor on audit.events (actor, id);
create index events_by_subject on audit.events (subject, id);
create index events_by_player on audit.events (player, id) where player is not null;

-- Events that are no leaf of the log yet.
create table audit.unsealed (event uuid primary key);

create function audit.append(_entry text, _sealed bytea) returns void language plpgsql security definer set search_path = '' as $$
declare
  _event jsonb := _entry;
begin
  insert into audit.events (id, at, code, outcome, actor_kind, actor, subject, player, request_id, entry, sealed)
  values ((_event ->> 'id')::uuid, (_event ->> 'at')::timestamptz, _event ->> 'code', _event ->> 'outcome', _event #>> '{actor,kind}',
    _event #>> '{actor,id}', _event ->> 'subject', _event ->> 'player', _event ->> 'requestId', _entry, _sealed);
  insert into audit.unsealed (event) values ((_event ->> 'id')::uuid);
end
$$;

-- What was recorded before comes along, each record with its place in the chain of then, and the end and last signature of
-- that chain as an event of their own: whoever has an old copy can still tell that nothing was changed on the way.
lock table audit.head, audit.records in access exclusive mode;

create function pg_temp.instant(_at timestamptz) returns text language sql as $$
  select to_char(date_trunc('milliseconds', _at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- A version 7 UUID whose random part is the number, so that what happened in one millisecond keeps its order.
create function pg_temp.id(_at timestamptz, _number bigint) returns text language sql as $$
  select (lpad(to_hex(floor(extract(epoch from date_trunc('milliseconds', _at)) * 1000)::bigint), 12, '0') || '70008'
    || lpad(to_hex(_number), 15, '0'))::uuid::text
$$;

create function pg_temp.carry(r audit.records, _chain text) returns void language sql as $$
  select audit.append('{' || concat_ws(',',
    '"actor":{"id":' || to_json(r.actor) || ',"kind":' || to_json(r.actor_kind) || '}',
    '"address":' || to_json(nullif(r.address, '')),
    '"at":' || to_json(pg_temp.instant(r.at)),
    '"chain":' || _chain,
    '"code":' || to_json(r.action),
    '"detail":' || nullif(r.detail, '{}'),
    '"id":' || to_json(pg_temp.id(r.at, r.seq)),
    '"outcome":' || to_json(case when r.action ~ '_(refused|failed)$' then 'failure' else 'success' end),
    '"player":' || to_json(case when r.subject like 'plr\_%' then r.subject when r.actor like 'plr\_%' then r.actor end),
    '"reason":' || to_json(nullif(r.reason, '')),
    '"requestId":' || to_json(r.request_id),
    '"subject":' || to_json(r.subject),
    '"version":1') || '}', null)
$$;

select pg_temp.carry(r, format('{"hash":"%s","number":"%s","previous":"%s"}', encode(r.hash, 'hex'), r.seq, encode(r.previous, 'hex')))
from audit.records r order by seq;

select pg_temp.carry(
  row(h.seq + 1, now(), 'system', 'migration', '', 'audit.chain_ended', 'log', '',
    '{' || concat_ws(',', '"checkpoint":' || to_json(c.seq::text), '"signature":' || to_json(encode(c.signature, 'hex'))) || '}',
    '', h.hash, ''::bytea)::audit.records,
  format('{"hash":"%s","number":"%s"}', encode(h.hash, 'hex'), h.seq))
from audit.head h left join (select * from audit.checkpoints order by seq desc limit 1) c on true
where h.seq > 0;

drop function pg_temp.carry(audit.records, text);
drop function pg_temp.id(timestamptz, bigint);
drop function pg_temp.instant(timestamptz);
drop function audit.append(timestamptz, text, text, text, text, text, text, text, text);
drop function audit.content(audit.records);
drop table audit.checkpoints, audit.head, audit.records;

-- Events are made by audit.append alone, and nothing unmakes them.
revoke insert, update, delete, truncate on audit.events, audit.unsealed from countroom_app;
