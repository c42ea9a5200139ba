-- Does the password stand alone? One that does not leans on a second factor.
alter table sessions.credentials add column stands_alone boolean not null default true;

-- A password that is being reset, by the blind index of the address: the MAC of the code that was sent, then the digest of a ticket for who
-- showed it. An address that is nobody's has a row too, whose code nobody was sent, so that it is tried alike.
create table sessions.resets (
  account bytea primary key,
  player text,
  asked_at timestamptz not null,
  code_mac bytea,
  epoch text not null,
  expires_at timestamptz not null,
  attempts int not null default 0,
  ticket bytea unique
);
create index resets_by_end on sessions.resets (expires_at);
