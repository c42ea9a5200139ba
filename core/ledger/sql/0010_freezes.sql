-- Money stands still from `at` until somebody lifts it: books were found to lack what a core had seen in them. While one stands, every
-- lane is held by it, so nothing can be booked, by whatever process.
create table ledger.freezes (
  number bigint primary key generated always as identity,
  at timestamptz not null,
  found_by text not null,
  evidence jsonb not null,
  lifted_at timestamptz,
  lifted_by text,
  reason text,
  check ((lifted_at is null) = (lifted_by is null) and (lifted_at is null) = (reason is null))
);
create unique index one_freeze on ledger.freezes ((true)) where lifted_at is null;
revoke update, delete, truncate on ledger.freezes from countroom_app;
