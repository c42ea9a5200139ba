-- The control program: what was approved, and what each look at it found. Rows are never changed: the application's role can
-- only add.
create table program.approvals (
  digest text not null, -- SHA-256 of the list of sums, hexadecimal
  node text not null,
  at timestamptz not null,
  files int not null,
  key text not null, -- SHA-256 of the public key that signed, hexadecimal
  primary key (node, at)
);

create table program.verdicts (
  id bigint generated always as identity primary key,
  node text not null,
  at timestamptz not null,
  occasion text not null, -- approval, start, daily, demand
  ok boolean not null,
  expected text, -- digest of the list of sums that was approved; null when there is none
  actual text, -- digest of the same list, made of what was found
  files int not null,
  differences int not null,
  first_bad text
);
create index verdicts_by_node on program.verdicts (node, id);

revoke update, delete, truncate on program.approvals, program.verdicts from countroom_app;
