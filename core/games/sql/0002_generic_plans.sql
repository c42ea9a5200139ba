-- Planned once per connection, as `ledger.post` is.
alter function games.settle(
  smallint, text, timestamptz, bigint[], text[], uuid[], text[], text[], text[], bigint[], bigint[], text[], text[], text[],
  int[], text[], text[], bigint[]
) set plan_cache_mode = force_generic_plan;
