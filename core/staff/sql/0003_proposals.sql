-- What one asks for and another approves. The statement is what is shown, hashed and signed, byte for byte; nothing of it changes.
create table staff.proposals (
  proposal text primary key,
  act text not null,
  statement text not null,
  digest bytea not null check (digest = sha256(convert_to(statement, 'utf8'))),
  proposed_by text not null references staff.members,
  proposed_at timestamptz not null,
  expires_at timestamptz not null,
  state text not null default 'open' check (state in ('open', 'approved', 'done', 'rejected', 'withdrawn')),
  decided_by text references staff.members,
  decided_at timestamptz,
  reason text, -- why it was rejected or withdrawn
  signature jsonb, -- the approver's passkey on the digest
  done_at timestamptz,
  -- Only in an emergency does somebody approve what they asked for (emergency.ts).
  alone text,
  check (state in ('open', 'withdrawn') or decided_by <> proposed_by or alone is not null)
);
create index proposals_by_state on staff.proposals (state, proposal desc);
revoke delete, truncate, update on staff.proposals from countroom_app;
grant update (state, decided_by, decided_at, reason, signature, done_at, alone) on staff.proposals to countroom_app;
alter table staff.enrolments add column proposal text unique references staff.proposals;
