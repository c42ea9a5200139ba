-- A player asks to be erased; staff answer, since what the law has us keep may forbid it yet. One request at a time.
create table players.erasure_requests (
  player text primary key references players.players,
  asked_at timestamptz not null
);
create index erasure_requests_by_age on players.erasure_requests (asked_at);
