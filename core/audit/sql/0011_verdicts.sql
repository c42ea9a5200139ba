-- How the log stands by what was found of it: a fault stands, for every process and whoever asks, until a proof of the whole finds none.

create table audit.verdicts (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  found_by text not null,
  subject text not null,
  first_bad text -- null when a proof of the whole held
);
revoke insert, update, delete, truncate on audit.verdicts from countroom_app;

/*
 * Keeps what was found. One finder tells a fault of one subject once, until a proof of the whole has held; answers whether this was kept, and
 * with it is news.
 */
create function audit.keep_verdict(_at timestamptz, _found_by text, _subject text, _first_bad text) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtext('audit.verdict'));
  if _first_bad is not null and exists (
    select from audit.verdicts
    where found_by = _found_by and subject = _subject and first_bad is not null
      and id > coalesce((select max(id) from audit.verdicts where first_bad is null), 0)
  ) then
    return false;
  end if;
  insert into audit.verdicts (at, found_by, subject, first_bad) values (_at, _found_by, _subject, _first_bad);
  return true;
end
$$;
revoke execute on function audit.keep_verdict(timestamptz, text, text, text) from public, countroom_app;
grant execute on function audit.keep_verdict(timestamptz, text, text, text) to countroom_work;
