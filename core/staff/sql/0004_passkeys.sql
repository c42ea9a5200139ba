-- Who enrols has an id before they are a member: their passkey is made for it.
alter table staff.enrolments add column staff text unique;
-- The passkey a sign-in was made with; without one it is good for making one, and for nothing else.
alter table staff.sessions add column factor text;
update staff.sessions set ended_at = now() where ended_at is null;
