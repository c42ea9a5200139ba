/*
 * Takes the entries of events out whose leaves have a lower index, and says from which index on entries are here. Leaves and tiles
 * stay, so proofs of what remains still hold. Nothing younger than twelve months goes, whoever asks (PCI DSS 10.5.1).
 */
create function audit.archive(_up_to bigint) returns int language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  _from bigint;
  _count int;
begin
  select index into strict _from from audit.horizon for update;
  if exists (select from audit.leaves where index >= _from and index < _up_to and at > now() - interval '12 months') then
    raise exception 'among these events are some that are younger than twelve months' using errcode = 'CR011';
  end if;
  delete from audit.events e using audit.leaves l
  where l.index >= _from and l.index < _up_to and l.kind = 'event' and e.id = l.ref::uuid;
  get diagnostics _count = row_count;
  update audit.horizon set index = _up_to where index < _up_to;
  return _count;
end
$$;
