-- What is written down as an event is one: it has the fields of an event and no other, so it cannot pass for a batch of the ledger.

create function audit.is_event(_event jsonb) returns boolean language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  select jsonb_typeof(_event) = 'object' and _event - array['actor', 'address', 'after', 'at', 'before', 'chain', 'code', 'detail', 'id',
    'outcome', 'personal', 'player', 'reason', 'requestId', 'subject', 'version'] = '{}'
$$;

create or replace function audit.append(_entry text, _sealed bytea) returns void language plpgsql security definer set search_path = '' as $$
declare
  _event jsonb := _entry;
begin
  if audit.is_event(_event) is not true then
    raise exception 'this is no event' using errcode = 'CR010';
  end if;
  insert into audit.events (id, at, code, outcome, actor_kind, actor, subject, player, request_id, entry, sealed)
  values ((_event ->> 'id')::uuid, (_event ->> 'at')::timestamptz, _event ->> 'code', _event ->> 'outcome', _event #>> '{actor,kind}',
    _event #>> '{actor,id}', _event ->> 'subject', _event ->> 'player', _event ->> 'requestId', _entry, _sealed);
  insert into audit.unsealed (event) values ((_event ->> 'id')::uuid);
end
$$;
