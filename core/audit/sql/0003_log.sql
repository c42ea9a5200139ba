-- The log: every event, and every batch of the ledger, is a leaf of one Merkle tree (RFC 6962), in an order that the sealer
-- gives. Leaves and tiles are added by the functions below and by nothing else.

create table audit.leaves (
  index bigint primary key,
  kind text not null check (kind in ('event', 'batch', 'lost')),
  ref text not null,
  leaf bytea not null check (length(leaf) = 32),
  at timestamptz not null,
  entry text check (octet_length(entry) between 1 and 65535), -- where it stands nowhere else
  unique (kind, ref)
);

-- The tree in tiles of 256 hashes (C2SP tlog-tiles): a proof of any leaf is made of a handful. The last tile of a level grows.
create table audit.tiles (
  level smallint not null,
  index bigint not null,
  hashes bytea not null check (length(hashes) between 32 and 8192 and length(hashes) % 32 = 0),
  primary key (level, index)
);
alter table audit.tiles alter column hashes set storage external; -- hashes do not compress

create table audit.checkpoints (
  size bigint primary key check (size > 0),
  at timestamptz not null,
  root bytea not null check (length(root) = 32),
  note text not null
);

-- Every key that ever signed, as a verifier key, with the size of the first tree it signed.
create table audit.log_keys (
  vkey text primary key,
  since bigint not null
);

-- What witnesses signed: the line under the checkpoint of a size.
create table audit.cosignatures (
  size bigint not null,
  witness text not null,
  at timestamptz not null,
  line text not null,
  primary key (size, witness)
);

-- How far each lane of the ledger is sealed, and of each batch the hashes of its rows and of their keys, in order: 32 bytes
-- each. Keys are forgotten by the ledger after some time; by their hashes a row stays provable.
create table audit.lanes (
  lane smallint primary key,
  batch bigint not null
);
create table audit.batches (
  lane smallint not null,
  batch bigint not null,
  index bigint not null unique,
  keys bytea not null,
  rows bytea not null,
  primary key (lane, batch)
);
alter table audit.batches alter column keys set storage external, alter column rows set storage external;

-- From which index on entries are still here; older ones were archived, their leaves were not.
create table audit.horizon (
  one boolean primary key default true check (one),
  index bigint not null
);
insert into audit.horizon (index) values (0);

/*
 * Gives the oldest events that wait the next indexes, in the order of their instants; answers the first index, how many, and
 * their leaves one after the other. An event that was taken out of the table while it waited leaves a leaf that says so.
 */
create function audit.seal_events(_count_max int, out first bigint, out count int, out lost int, out leaves bytea)
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
begin
  first := coalesce((select max(l.index) + 1 from audit.leaves l), 0);
  with taken as (
    delete from audit.unsealed where event in (select event from audit.unsealed order by event limit _count_max) returning event
  ),
  entries as (
    select t.event, e.at, e.entry, coalesce(e.entry, format('{"event":"%s","kind":"lost"}', t.event)) as content
    from taken t left join audit.events e on e.id = t.event
  ),
  sealed as (
    insert into audit.leaves (index, kind, ref, leaf, at, entry)
    select first - 1 + row_number() over (order by at, event), case when entry is null then 'lost' else 'event' end, event::text,
      sha256('\x00'::bytea || convert_to(content, 'UTF8')), coalesce(at, now()), case when entry is null then content end
    from entries
    returning index, kind, leaf
  )
  select count(*), count(*) filter (where kind = 'lost'), coalesce(string_agg(leaf, ''::bytea order by index), '\x')
  into count, lost, leaves from sealed;
end
$$;

/* The same for batches of the ledger, whose entries the caller made; each lane goes on where it was. */
create function audit.seal_batches(
  _lanes smallint[], _batches bigint[], _ats timestamptz[], _entries text[], _keys bytea[], _rows bytea[], out leaves bytea
) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
  _first bigint := coalesce((select max(index) + 1 from audit.leaves), 0);
begin
  if exists (
    select from (
      select lane, min(batch) as first, max(batch) as last, count(*) as count from unnest(_lanes, _batches) b (lane, batch) group by lane
    ) b left join audit.lanes l on l.lane = b.lane
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

/* Adds tiles, or hashes to the last tile of a level; what a tile has it keeps. */
create function audit.write_tiles(_levels smallint[], _indexes bigint[], _hashes bytea[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  _written int;
begin
  insert into audit.tiles as t (level, index, hashes) select * from unnest(_levels, _indexes, _hashes)
  on conflict (level, index) do update set hashes = excluded.hashes
    where length(excluded.hashes) >= length(t.hashes) and substring(excluded.hashes for length(t.hashes)) = t.hashes;
  get diagnostics _written = row_count;
  if _written <> cardinality(_levels) then
    raise exception 'a tile of the log would change' using errcode = 'CR010';
  end if;
end
$$;

revoke insert, update, delete, truncate on audit.leaves, audit.tiles, audit.lanes, audit.batches, audit.horizon from countroom_app;
revoke update, delete, truncate on audit.checkpoints, audit.log_keys, audit.cosignatures from countroom_app;
