-- Since when an account is closed: what is kept of its player is kept for so long after.
alter table players.players add column closed_at timestamptz;
