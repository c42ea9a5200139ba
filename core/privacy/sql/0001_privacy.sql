-- An erasure that two members of staff decided: at once what may go at once, the rest when its time is over.
create table privacy.erasures (
  player text primary key,
  decided_at timestamptz not null,
  proposal text not null unique,
  done_at timestamptz
);

-- What of a player who is being erased is still there, by the purpose of its keys, until when and why. A row goes with what it names.
create table privacy.kept (
  player text not null references privacy.erasures,
  purpose text not null,
  until timestamptz not null,
  why text not null,
  primary key (player, purpose)
);
create index kept_by_end on privacy.kept (until);
