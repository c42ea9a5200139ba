-- The life cycle of keys as the database sees it. What state an epoch is in, the key agent knows; here stands which rows still
-- name it, and what may not be named again.

-- Epochs that no row may name any longer.
create table keys.retired (
  epoch text primary key,
  at timestamptz not null
);

-- The erased: which data keys were destroyed, up to which version; purpose '' is all of them, for good. A restore replays it.
create table keys.shredded (
  player text not null,
  purpose text not null,
  version int not null,
  at timestamptz not null,
  primary key (player, purpose)
);

-- One rotation of one family: from its older epochs to the new one. The new epoch is named once the agent has made it.
create table keys.rotations (
  rotation text primary key,
  family text not null,
  epoch text,
  state text not null check (state in ('asked', 'moving', 'retired')),
  total bigint not null default 0,
  moved bigint not null default 0,
  asked_by text not null,
  asked_at timestamptz not null,
  moving_at timestamptz,
  retired_at timestamptz
);
create unique index rotations_open on keys.rotations (family) where state <> 'retired';

-- Under which epochs a value that is looked up by its MAC has to be written, the one that is read first. Two during a rotation.
create table keys.indexes (
  family text primary key,
  epochs text[] not null check (cardinality(epochs) between 1 and 2)
);
insert into keys.indexes values ('hk-email-index', array['hk-email-index-1']);

-- Backups of the key blobs and data keys that were written, so that those holding a destroyed epoch can be destroyed too.
create table keys.backups (
  backup text primary key,
  path text not null,
  at timestamptz not null,
  epochs text[] not null,
  deks bigint not null,
  removed_at timestamptz
);

-- Data keys are kept, moved to another epoch and destroyed by these functions and in no other way.

-- False when the epoch was retired or the player erased meanwhile. The lock comes before the question: a retirement is over
-- or has not begun.
create function keys.keep_dek(_player text, _purpose text, _version int, _kek text, _wrapped bytea, _binding bytea, _at timestamptz)
returns boolean language plpgsql security definer set search_path = '' as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(_player, 8153));
  lock table keys.deks in row exclusive mode;
  if exists (select from keys.retired where epoch = _kek)
    or exists (select from keys.shredded s where s.player = _player and (s.purpose = '' or (s.purpose = _purpose and s.version >= _version)))
  then
    return false;
  end if;
  insert into keys.deks (player, purpose, version, kek, wrapped, binding, created_at)
  values (_player, _purpose, _version, _kek, _wrapped, _binding, _at) on conflict do nothing;
  return true;
end
$$;

create function keys.shred(_player text, _purpose text)
returns int language plpgsql security definer set search_path = '' as $$
declare
  _gone int;
begin
  perform pg_advisory_xact_lock(hashtextextended(_player, 8153));
  with gone as (
    delete from keys.deks d where d.player = _player and (_purpose = '' or d.purpose = _purpose) returning d.purpose, d.version
  ), noted as (
    insert into keys.shredded as s (player, purpose, version, at)
    select _player, g.purpose, max(g.version), now() from gone g group by g.purpose
    on conflict (player, purpose) do update set version = greatest(s.version, excluded.version), at = excluded.at
  )
  select count(*) into _gone from gone;
  if _purpose = '' then
    insert into keys.shredded (player, purpose, version, at) values (_player, '', 0, now()) on conflict do nothing;
  end if;
  return _gone;
end
$$;

-- The next keys after a place that are wrapped under one of these epochs, locked; what somebody else holds is passed over.
create function keys.take_deks(_epochs text[], _player text, _purpose text, _version int, _limit int)
returns setof keys.deks language sql volatile security definer set search_path = '' as $$
  select * from keys.deks d
  where (d.player, d.purpose, d.version) > (_player, _purpose, _version) and d.kek = any (_epochs)
  order by d.player, d.purpose, d.version limit _limit for no key update skip locked
$$;

-- Moves data keys to another epoch: the same keys, wrapped and bound anew.
create function keys.rewrap_deks(_players text[], _purposes text[], _versions int[], _from text[], _epochs text[], _wrapped bytea[], _bindings bytea[])
returns int language plpgsql security definer set search_path = '' as $$
declare
  _count int;
begin
  if exists (select from keys.retired where epoch = any (_epochs)) then
    raise exception 'an epoch that was retired is not named again';
  end if;
  update keys.deks d set kek = n.epoch, wrapped = n.wrapped, binding = n.binding
  from unnest(_players, _purposes, _versions, _from, _epochs, _wrapped, _bindings) as n (player, purpose, version, past, epoch, wrapped, binding)
  where d.player = n.player and d.purpose = n.purpose and d.version = n.version and d.kek = n.past;
  get diagnostics _count = row_count;
  return _count;
end
$$;

-- Answers how many data keys still name the epoch; when none does, none ever will. The lock lets transactions that are about to
-- keep a key end first, and keeps others back for the moment of the count.
create function keys.retire_kek(_epoch text, _at timestamptz)
returns bigint language plpgsql security definer set search_path = '' as $$
declare
  _left bigint;
begin
  lock table keys.deks in share mode;
  select count(*) into _left from keys.deks where kek = _epoch;
  if _left = 0 then
    insert into keys.retired (epoch, at) values (_epoch, _at) on conflict do nothing;
  end if;
  return _left;
end
$$;

-- The epochs an index is written under, held as they are until the caller's transaction ends.
create function keys.writing(_family text)
returns text[] language sql volatile security definer set search_path = '' as $$
  select epochs from keys.indexes where family = _family for share
$$;

revoke insert, update, delete, truncate on keys.deks, keys.shredded from countroom_app;
revoke update, delete, truncate on keys.retired from countroom_app;
revoke delete, truncate on keys.rotations, keys.indexes, keys.backups from countroom_app;
