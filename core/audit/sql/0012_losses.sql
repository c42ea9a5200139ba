-- Events that were taken out before they were sealed, and that somebody has looked into: a proof of the whole holds beside them from then on.

create table audit.losses (
  leaf bigint primary key,
  explained_at timestamptz not null,
  explained_by text not null
);
revoke insert, update, delete, truncate on audit.losses from countroom_app;

/* Only of leaves that say an event was lost, so that nothing can be explained before it happens; answers those that were not explained before. */
create function audit.explain_losses(_leaves bigint[], _at timestamptz, _by text, out explained bigint[])
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  with fresh as (
    insert into audit.losses (leaf, explained_at, explained_by)
    select index, _at, _by from audit.leaves where kind = 'lost' and index = any(_leaves)
    on conflict (leaf) do nothing returning leaf
  )
  select coalesce(array_agg(leaf order by leaf), '{}') into explained from fresh;
end
$$;
revoke execute on function audit.explain_losses(bigint[], timestamptz, text) from public, countroom_app;
grant execute on function audit.explain_losses(bigint[], timestamptz, text) to countroom_work;
