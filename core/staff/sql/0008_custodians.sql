-- The custodians of the recovery key whose shares broke the glass; none where the console did.
alter table staff.emergencies add column custodians text[] not null default '{}';
