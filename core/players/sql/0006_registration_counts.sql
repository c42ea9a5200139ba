-- How often accounts were opened from a network, and for one address from there, each under a MAC.
create table players.registration_counts (
  subject bytea not null,
  at timestamptz not null
);
create index registration_counts_by_subject on players.registration_counts (subject, at);
create index registration_counts_by_time on players.registration_counts (at);
