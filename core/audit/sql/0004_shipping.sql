-- How far the log was brought to its second place: the last leaf looked at, the last line's number and running hash, who brings
-- it at present, and what was found wrong there.
create table audit.shipping (
  one boolean primary key default true check (one),
  index bigint not null,
  number bigint not null,
  hash bytea not null check (length(hash) = 32),
  at timestamptz not null,
  holder text not null,
  held_until timestamptz not null,
  fault text
);
insert into audit.shipping (index, number, hash, at, holder, held_until)
values (-1, 0, decode(repeat('00', 32), 'hex'), now(), '', '-infinity');
revoke insert, delete, truncate on audit.shipping from countroom_app;
