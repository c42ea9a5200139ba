-- Batches come to be sealed with all their hashes in one piece each for keys and rows: an array of pieces costs more to read than
-- to keep.
drop function audit.seal_batches(smallint[], bigint[], timestamptz[], text[], bytea[], bytea[]);

/*
 * Gives batches of the ledger, whose entries the caller made, the next indexes; answers their leaves one after the other. `_counts` says how
 * many transfers each has; their hashes, 32 bytes each, stand one after the other in `_keys` and `_rows`. Each lane goes on where it was sealed.
 */
create function audit.seal_batches(
  _lanes smallint[], _batches bigint[], _ats timestamptz[], _entries text[], _counts int[], _keys bytea, _rows bytea, out leaves bytea
) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  _first bigint := coalesce((select max(index) + 1 from audit.leaves), 0);
  _hashes bigint := (select sum(count) from unnest(_counts) c (count));
begin
  if length(_keys) <> _hashes * 32 or length(_rows) <> _hashes * 32 then
    raise exception 'these are not the hashes of so many transfers' using errcode = 'CR010';
  end if;
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
  select lane, batch, _first - 1 + ord, substring(_keys from from_hash * 32 + 1 for count * 32), substring(_rows from from_hash * 32 + 1 for count * 32)
  from (
    select lane, batch, ord, count, (sum(count) over (order by ord) - count)::int as from_hash
    from unnest(_lanes, _batches, _counts) with ordinality b (lane, batch, count, ord)
  ) b;
  insert into audit.lanes as l (lane, batch) select lane, max(batch) from unnest(_lanes, _batches) b (lane, batch) group by lane
  on conflict (lane) do update set batch = excluded.batch;
end
$$;
