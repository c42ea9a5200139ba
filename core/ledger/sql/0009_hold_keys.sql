-- The key that placed a hold, where it is not `hold:` and its name: a bet has one key, whether its stake is settled at once or held.
alter table ledger.holds add column key text;
