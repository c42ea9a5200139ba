-- The application takes requests in, and issues for them. Who may ask at all, which certificates are the authority's own, and what
-- is published as taken back is decided by ops, as the owner: a process that was taken over changes none of it.
revoke insert on pki.authorities, pki.enrolments from countroom_app;
revoke insert, update on pki.lists from countroom_app;

-- That the component itself asked: what only the holder of its token can show, or its signature of that moment with the key it
-- has. Whoever issues looks for itself and believes no row. Rows of before have none, and are not issued for any more.
alter table pki.requests add column proof bytea, add column signed_at timestamptz;
