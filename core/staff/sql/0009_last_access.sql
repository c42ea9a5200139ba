-- From where somebody came last, for who reviews access; sessions of before do not tell.
alter table staff.sessions add column from_address text;
