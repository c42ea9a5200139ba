-- What was shown in a session, and when last: {"password": "2026-11-27T14:00:00.000Z"}. The assurance level follows from it, and stands
-- beside it for those who only read.
alter table sessions.sessions
  add column shown jsonb,
  add column aal smallint not null default 1 check (aal in (1, 2)),
  add column authenticated_at timestamptz,
  add column step_up_failures int not null default 0;
update sessions.sessions
set shown = jsonb_build_object('password', to_char(begun_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), authenticated_at = begun_at;
alter table sessions.sessions
  alter column shown set not null,
  alter column authenticated_at set not null,
  drop column factors;
