-- Glass that was broken: what is opened from the console when two are not to be had, and what a review found. Only the owner of the
-- database opens one; the application reads them, and notes the review.
create table staff.emergencies (
  emergency text primary key,
  kind text not null check (kind in ('place', 'alone')),
  staff text references staff.members, -- who may approve what they ask for themselves
  reason text not null,
  opened_at timestamptz not null,
  until timestamptz not null,
  reviewed_by text references staff.members,
  reviewed_at timestamptz,
  finding text,
  check ((kind = 'alone') = (staff is not null)),
  check (reviewed_by is null or reviewed_by is distinct from staff)
);
revoke insert, update, delete, truncate on staff.emergencies from countroom_app;
grant update (reviewed_by, reviewed_at, finding) on staff.emergencies to countroom_app;

-- Reviews of who may do what: who looked, when, at what, and what they found.
create table staff.reviews (
  review text primary key,
  reviewed_by text not null references staff.members,
  reviewed_at timestamptz not null,
  digest bytea not null, -- SHA-256 of the report that was looked at
  finding text not null
);
revoke update, delete, truncate on staff.reviews from countroom_app;
