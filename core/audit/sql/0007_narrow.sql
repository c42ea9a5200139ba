-- What the application's role can do to the log is narrower: it cannot break what it could not change.

-- An entry is one line, whoever writes it.
alter table audit.events add constraint events_entry_is_a_line check (entry !~ '[\x01-\x1f]');
alter table audit.leaves add constraint leaves_entry_is_a_line check (entry !~ '[\x01-\x1f]');
-- An event's entry stands among the events, any other's with its leaf.
alter table audit.leaves add constraint leaves_entry_stands_once check ((kind = 'event') = (entry is null));
-- A cosignature is of a checkpoint that is here.
delete from audit.cosignatures s where not exists (select from audit.checkpoints c where c.size = s.size);
alter table audit.cosignatures add foreign key (size) references audit.checkpoints (size) on delete cascade;

/* Keeps a checkpoint of the tree as it is now, and the key that signed it. */
create function audit.keep_checkpoint(_size bigint, _at timestamptz, _root bytea, _note text, _vkey text) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if _size <> (select max(index) + 1 from audit.leaves) or length(_root) <> 32
    or _note !~ ('^[^\n]+\n' || _size || '\n' || replace(encode(_root, 'base64'), '+', '\+') || '\n\n(— [^ \n]+ [A-Za-z0-9+/=]+\n)+$') then
    raise exception 'this is no checkpoint of the log as it is' using errcode = 'CR010';
  end if;
  insert into audit.log_keys (vkey, since) values (_vkey, _size) on conflict (vkey) do nothing;
  insert into audit.checkpoints (size, at, root, note) values (_size, _at, _root, _note);
end
$$;
revoke insert on audit.checkpoints, audit.log_keys from countroom_app;

/* As before, but how far a lane is sealed is read off what was sealed of it, and not off a number beside. */
create or replace function audit.seal_batches(
  _lanes smallint[], _batches bigint[], _ats timestamptz[], _entries text[], _keys bytea[], _rows bytea[], out leaves bytea
) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  _first bigint := coalesce((select max(index) + 1 from audit.leaves), 0);
begin
  if exists (
    select from (
      select lane, min(batch) as first, max(batch) as last, count(*) as count from unnest(_lanes, _batches) b (lane, batch) group by lane
    ) b left join lateral (
      select batch from audit.batches s where s.lane = b.lane order by s.batch desc limit 1
    ) l on true
    where b.first <> coalesce(l.batch, 0) + 1 or b.last - b.first + 1 <> b.count
  ) then
    raise exception 'a lane does not go on where it was sealed' using errcode = 'CR010';
  end if;
  with sealed as (
    insert into audit.leaves (index, kind, ref, leaf, at, entry)
    select _first - 1 + ord, 'batch', lane || '/' || batch, sha256('\x00'::bytea || convert_to(entry, 'UTF8')), at, entry
    from unnest(_lanes, _batches, _ats, _entries) with ordinality b (lane, batch, at, entry, ord)
    returning index, leaf
  )
  select coalesce(string_agg(leaf, ''::bytea order by index), '\x') into leaves from sealed;
  insert into audit.batches (lane, batch, index, keys, rows)
  select lane, batch, _first - 1 + ord, keys, rows
  from unnest(_lanes, _batches, _keys, _rows) with ordinality b (lane, batch, keys, rows, ord);
  insert into audit.lanes as l (lane, batch) select lane, max(batch) from unnest(_lanes, _batches) b (lane, batch) group by lane
  on conflict (lane) do update set batch = excluded.batch;
end
$$;

-- Taking entries out is the owner's, by `countroom audit archive`.
revoke execute on function audit.archive(bigint) from public, countroom_app;
