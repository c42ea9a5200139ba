-- Roles as rows the operator edits. A permission is a word of the code (policy.ts); one that is not there is nothing.
create table staff.roles (
  role text primary key check (role ~ '^[a-z][a-z_]{1,39}$'),
  title text not null,
  permissions text[] not null,
  changed_at timestamptz not null default now(),
  changed_by text not null
);
insert into staff.roles (role, title, changed_by, permissions) values
  ('administrator', 'Administrator', 'countroom', '{players.view,players.unmask_contact,players.unmask_identity,players.unmask_address,players.suspend,payments.view,payments.unmask,payments.approve,payments.approve_large,books.view,adjustments.propose,adjustments.approve,limits.propose,limits.approve,audit.view,audit.unmask,program.view,program.verify,staff.view,staff.enrol,staff.disable,staff.review,roles.propose,roles.approve,keys.manage,pki.manage,clients.manage,clients.approve}'),
  ('support', 'Support', 'countroom', '{players.view,players.unmask_contact,players.unmask_identity,players.unmask_address,players.suspend,payments.view}'),
  ('payments', 'Payments', 'countroom', '{players.view,payments.view,payments.unmask,payments.approve,adjustments.propose}'),
  ('risk', 'Risk', 'countroom', '{players.view,players.unmask_contact,players.unmask_identity,players.suspend,payments.view,payments.unmask,limits.propose}'),
  ('compliance_officer', 'Compliance officer', 'countroom', '{players.view,players.unmask_contact,players.unmask_identity,players.unmask_address,players.suspend,payments.view,payments.unmask,books.view,limits.propose,limits.approve,audit.view,audit.unmask,program.view,staff.view,staff.review}'),
  ('game_manager', 'Game manager', 'countroom', '{books.view,program.view,program.verify}'),
  ('finance', 'Finance', 'countroom', '{players.view,payments.view,payments.approve_large,books.view,adjustments.propose,adjustments.approve}'),
  ('auditor', 'Auditor, read-only', 'countroom', '{players.view,payments.view,books.view,audit.view,program.view,program.verify,staff.view}'),
  ('security', 'Security', 'countroom', '{audit.view,audit.unmask,program.view,program.verify,staff.view,staff.disable,staff.review,roles.approve,pki.manage,clients.approve}');

-- Who has which role, and until when; what somebody may do is what all that is in force says together. Nothing is deleted.
create table staff.grants (
  staff text not null references staff.members,
  number int generated always as identity,
  role text not null references staff.roles,
  granted_at timestamptz not null,
  granted_by text not null,
  until timestamptz,
  proposal text,
  ended_at timestamptz,
  ended_by text,
  primary key (staff, number)
);
create unique index grants_standing on staff.grants (staff, role) where ended_at is null and until is null;
insert into staff.grants (staff, role, granted_at, granted_by)
  select staff, role, enrolled_at, 'countroom' from staff.members where role in (select role from staff.roles);
alter table staff.members drop column role;

-- When each permission was last used, to the hour: what a review of access asks.
create table staff.uses (
  staff text not null references staff.members,
  permission text not null,
  used_at timestamptz not null,
  primary key (staff, permission)
);
revoke delete, truncate on staff.roles, staff.grants, staff.members from countroom_app;
