-- How often codes were sent to a number, to its block of numbers, and for who asked from a network, each under a MAC: there are so few numbers
-- that a plain digest would tell them.
create table factors.sms_counts (
  subject bytea not null,
  at timestamptz not null
);
create index sms_counts_by_subject on factors.sms_counts (subject, at);
create index sms_counts_by_time on factors.sms_counts (at);
drop table factors.sms_sends;
