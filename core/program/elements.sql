-- Every element of the database that decides something, as (path, definition). What comes and goes by itself, partitions
-- of months and queues, is left out; a detached month is data that was archived.
with space as (
  select oid, nspname from pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema'
), relation as (
  select c.oid, c.relkind, c.relowner, c.relacl, c.relrowsecurity, c.reloptions, space.nspname || '.' || c.relname as name
  from pg_class c join space on space.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition and c.relname !~ '^archived_'
), element (kind, name, definition) as (
  select 'function', space.nspname || '.' || p.proname,
    string_agg(
      '-- owner ' || p.proowner::regrole || ', rights ' || coalesce(p.proacl::text, 'of everybody') || E'\n'
        || case p.prokind
             when 'a' then 'aggregate ' || p.oid::regprocedure || ' ' || a::text || E'\n'
             else pg_get_functiondef(p.oid)
           end,
      E'\n' order by pg_get_function_identity_arguments(p.oid) collate "C")
  from pg_proc p join space on space.oid = p.pronamespace left join pg_aggregate a on a.aggfnoid = p.oid
  group by 1, 2
  union all
  select 'view', r.name, pg_get_viewdef(r.oid) || E'\n' from relation r where r.relkind in ('v', 'm')
  union all
  select 'trigger', r.name || '.' || t.tgname, 'enabled ' || t.tgenabled::text || E'\n' || pg_get_triggerdef(t.oid) || E'\n'
  from pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal
  union all
  select 'trigger', e.evtname, 'on ' || e.evtevent || ' ' || e.evtfoid::regprocedure || ', enabled ' || e.evtenabled::text || E'\n'
  from pg_event_trigger e
  union all
  select 'rule', r.name || '.' || w.rulename, pg_get_ruledef(w.oid) || E'\n'
  from pg_rewrite w join relation r on r.oid = w.ev_class where w.rulename <> '_RETURN'
  union all
  select 'policy', r.name || '.' || p.polname, p.polcmd::text || ' ' || p.polroles::regrole[]::text || E'\nusing '
    || coalesce(pg_get_expr(p.polqual, p.polrelid), '') || E'\ncheck ' || coalesce(pg_get_expr(p.polwithcheck, p.polrelid), '') || E'\n'
  from pg_policy p join relation r on r.oid = p.polrelid
  union all
  select 'table', r.name, '-- owner ' || r.relowner::regrole || ', rights ' || coalesce(r.relacl::text, 'of its owner')
    || ', row security ' || r.relrowsecurity || E'\n'
    || coalesce((
      select string_agg(
        a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
          || a.attidentity::text || a.attgenerated::text || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
          || coalesce(' rights ' || a.attacl::text, '') || E'\n', '' order by a.attnum)
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped), '')
    || coalesce((
      select string_agg(conname || ' ' || pg_get_constraintdef(c.oid) || E'\n', '' order by conname collate "C")
      from pg_constraint c where c.conrelid = r.oid), '')
    || coalesce((
      select string_agg(pg_get_indexdef(i.indexrelid) || E'\n', '' order by pg_get_indexdef(i.indexrelid) collate "C")
      from pg_index i where i.indrelid = r.oid and i.indisunique), '')
  from relation r where r.relkind in ('r', 'p', 'f')
  union all
  select 'setting', coalesce(s.setrole::regrole::text, '-'), string_agg(c, E'\n' order by c collate "C") || E'\n'
  from pg_db_role_setting s, unnest(s.setconfig) c
  where s.setdatabase in (0, (select oid from pg_database where datname = current_database())) group by 2
)
select kind || '/' || regexp_replace(name, '[^A-Za-z0-9_.$-]', '%', 'g') || '.sql' as path,
  string_agg(definition, E'\n' order by name collate "C", definition collate "C") as definition
from element group by 1
