-- Every element of the database that decides something, as (path, definition). What comes and goes by itself, partitions
-- of months and queues, is told by what they have in common; a detached month is data that was archived.
with space as (
  select oid, nspname, nspowner, nspacl from pg_namespace
  where nspname !~ '^pg_' and nspname <> 'information_schema'
), relation as (
  select c.oid, c.relkind, c.relowner, c.relacl, c.relrowsecurity, space.nspname || '.' || c.relname as name,
    c.relispartition or c.relname ~ '^archived_' as passes, space.nspname
  from pg_class c join space on space.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f')
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
  select 'view', r.name, '-- owner ' || r.relowner::regrole || ', rights ' || coalesce(r.relacl::text, 'of its owner') || E'\n'
    || pg_get_viewdef(r.oid) || E'\n'
  from relation r where r.relkind in ('v', 'm')
  union all
  -- A partition's copy of its parent's trigger follows from it; whatever else hangs on a partition is told.
  select 'trigger', r.name || '.' || t.tgname, 'enabled ' || t.tgenabled::text || E'\n' || pg_get_triggerdef(t.oid) || E'\n'
  from pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal and t.tgparentid = 0
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
  from relation r where r.relkind in ('r', 'p', 'f') and not r.passes
  union all
  -- All partitions of a schema have the same rights; one that has others adds a line.
  select 'partitions', nspname, string_agg(line, '' order by line collate "C")
  from (
    select distinct r.nspname, 'owner ' || r.relowner::regrole || ', rights ' || coalesce(r.relacl::text, 'of its owner')
      || ', row security ' || r.relrowsecurity || coalesce(', of columns ' || (
        select string_agg(a.attname || ' ' || a.attacl::text, ' ' order by a.attnum)
        from pg_attribute a where a.attrelid = r.oid and a.attacl is not null), '') || E'\n' as line
    from relation r where r.passes
  ) lines group by nspname
  union all
  select 'schema', nspname, '-- owner ' || nspowner::regrole || ', rights ' || coalesce(nspacl::text, 'of its owner') || E'\n' from space
  union all
  select 'database', 'rights', '-- owner ' || datdba::regrole || ', rights ' || coalesce(datacl::text, 'by default') || E'\n'
  from pg_database where datname = current_database()
  union all
  select 'setting', 'default-rights', string_agg(
    d.defaclrole::regrole || ' ' || coalesce(d.defaclnamespace::regnamespace::text, '-') || ' ' || d.defaclobjtype::text || ' ' || d.defaclacl::text || E'\n',
    '' order by d.defaclrole::regrole::text collate "C", d.defaclnamespace::regnamespace::text collate "C", d.defaclobjtype)
  from pg_default_acl d having count(*) > 0
  union all
  select 'setting', coalesce(s.setrole::regrole::text, '-'), string_agg(c, E'\n' order by c collate "C") || E'\n'
  from pg_db_role_setting s, unnest(s.setconfig) c
  where s.setdatabase in (0, (select oid from pg_database where datname = current_database())) group by 2
  union all
  select 'role', r.rolname, concat_ws(' ', case when r.rolsuper then 'superuser' end, case when r.rolcreaterole then 'createrole' end,
      case when r.rolcreatedb then 'createdb' end, case when r.rolcanlogin then 'login' end, case when r.rolreplication then 'replication' end,
      case when r.rolbypassrls then 'bypassrls' end, case when r.rolinherit then 'inherit' end) || E'\n'
    || coalesce((
      select string_agg('member of ' || g.rolname || case when m.admin_option then ', may admit others' else '' end || E'\n', '' order by g.rolname collate "C")
      from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid), '')
  from pg_roles r
  union all
  -- The functions of the system, from their columns: what would print them may itself be another.
  select 'system', 'functions', string_agg(line, '' order by line collate "C")
  from (
    select concat_ws(' | ', n.nspname, p.proname, p.proargtypes::text, p.prorettype, l.lanname, p.prokind::text, p.prosecdef, p.provolatile::text,
      p.proisstrict, p.prosrc, p.probin, p.proconfig::text, p.proowner::regrole::text, p.proacl::text) || E'\n' as line
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace join pg_language l on l.oid = p.prolang
    where n.nspname in ('pg_catalog', 'information_schema')
  ) lines
  union all
  -- Whatever else was added to the system since it was installed.
  select 'system', 'added', coalesce(string_agg(line, '' order by line collate "C"), '')
  from (
    select 'operator ' || o.oid::regoperator || ' ' || o.oprcode::regproc || E'\n' as line from pg_operator o where o.oid >= 16384
    union all select 'cast ' || castsource::regtype || ' ' || casttarget::regtype || ' ' || castfunc::regproc || E'\n' from pg_cast where oid >= 16384
    union all select 'language ' || lanname || E'\n' from pg_language where oid >= 16384
    union all select 'extension ' || extname || ' ' || extversion || E'\n' from pg_extension
    union all select 'server ' || srvname || E'\n' from pg_foreign_server
    union all select 'publication ' || pubname || E'\n' from pg_publication
    union all select 'subscription ' || subname || E'\n' from pg_subscription
  ) lines
)
select kind || '/' || regexp_replace(name, '[^A-Za-z0-9_.$-]', '%', 'g') || '.sql' as path,
  string_agg(definition, E'\n' order by name collate "C", definition collate "C") as definition
from element group by 1
