-- A list is of a key and the name that goes with it, not of one of the certificates that key may have in time: whoever checks finds
-- it by the issuer's name. Lists are signed anew at the next look.
drop table pki.lists;
create table pki.lists (
  key text primary key,
  number bigint not null,
  this_update timestamptz not null,
  next_update timestamptz not null,
  says bytea not null, -- digest of the serials on it
  list bytea not null
);
revoke delete, truncate on pki.lists from countroom_app;
