/*
 * Forgets most checkpoints from before an instant, for there is one a second: of each hour the last one that a witness signed stays, or the
 * last one. What was signed is no less provable by it, since each later checkpoint covers all before. Answers how many went.
 */
create function audit.thin_checkpoints(_before timestamptz) returns int language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  _count int;
begin
  if _before > now() - interval '7 days' then
    raise exception 'checkpoints are all kept for seven days' using errcode = 'CR012';
  end if;
  with kept as (
    select distinct on (date_trunc('hour', c.at)) c.size from audit.checkpoints c
    where c.at < _before
    order by date_trunc('hour', c.at), exists (select from audit.cosignatures s where s.size = c.size) desc, c.size desc
  )
  delete from audit.checkpoints c where c.at < _before and c.size not in (select size from kept);
  get diagnostics _count = row_count;
  delete from audit.cosignatures s where s.at < _before and not exists (select from audit.checkpoints c where c.size = s.size);
  return _count;
end
$$;
