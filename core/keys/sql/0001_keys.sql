-- Data keys, per player and purpose, wrapped by a key-encryption key that never leaves the token.
create table keys.deks (
  player text not null,
  purpose text not null,
  version int not null,
  kek text not null,
  wrapped bytea not null,
  binding bytea not null,
  created_at timestamptz not null,
  primary key (player, purpose, version)
);
create index deks_by_kek on keys.deks (kek);
revoke update, truncate on keys.deks from countroom_app;
