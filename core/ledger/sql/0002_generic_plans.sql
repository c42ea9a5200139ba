-- The batch functions are planned once per connection. Left to itself the planner plans them anew for each batch, since
-- the arrays' lengths differ, and that costs more than running them.
alter function ledger.post(
  smallint, text, timestamptz, bigint[], text[], uuid[], text[], text[], text[], int[], text[], text[], bigint[]
) set plan_cache_mode = force_generic_plan;
