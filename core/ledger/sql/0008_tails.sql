-- Reading what was booked in the last seconds: block range indexes know the end of a table only once it is summarised, and the
-- server does that some time later. Whoever reads the end each second has it done first, or reads all of a busy minute each time.

create table ledger.summarised (
  index oid primary key,
  block bigint not null
);
revoke insert, update, delete, truncate on ledger.summarised from countroom_app;

/*
 * Summarises the ranges that became full since the last time, in all block range indexes of a schema. Behind somebody who holds
 * the table (a vacuum, which summarises by itself) it gives up at once and goes on the next time.
 */
create function ledger.summarise(_schema name) returns void language plpgsql security definer
set search_path = pg_catalog, pg_temp set lock_timeout = '5ms' as $$
declare
  _brin record;
  _block bigint;
begin
  for _brin in
    select i.indexrelid as index, f.pages, s.block, pg_relation_size(i.indrelid) / 8192 / f.pages * f.pages as full
    from pg_index i join pg_class c on c.oid = i.indexrelid and c.relkind = 'i' and c.relnamespace = _schema::regnamespace
    join pg_am a on a.oid = c.relam and a.amname = 'brin'
    cross join lateral (
      select coalesce((select option_value::bigint from pg_options_to_table(c.reloptions) where option_name = 'pages_per_range'), 128) as pages
    ) f
    left join ledger.summarised s on s.index = i.indexrelid
  loop
    continue when _brin.full = 0 or _brin.full <= _brin.block;
    _block := coalesce(_brin.block, greatest(_brin.full - 64 * _brin.pages, 0)); -- what is older the server has done
    begin
      while _block < _brin.full loop
        perform brin_summarize_range(_brin.index, _block);
        _block := _block + _brin.pages;
      end loop;
    exception when lock_not_available then
      continue;
    end;
    insert into ledger.summarised as s (index, block) values (_brin.index, _block)
    on conflict (index) do update set block = excluded.block;
  end loop;
end
$$;
