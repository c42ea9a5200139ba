-- How far the journal of each key agent was told to the audit log. A journal is known by its first line; `node` says where it was read.
create table keys.journals (
  first text primary key,
  node text not null,
  number bigint not null,
  hash text not null,
  shipped_at timestamptz not null,
  -- When it was last found cut, changed or replaced.
  broken_at timestamptz
);
create index journals_by_node on keys.journals (node);
revoke delete, truncate on keys.journals from countroom_app;
