-- A sign-in that began with its person's certificate goes on with nothing less.
alter table staff.sessions add column certified boolean not null default false;
