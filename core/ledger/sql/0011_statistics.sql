-- The server looks at each month of postings by itself, and never at all of them together, so whoever plans over the whole table, as a
-- proof does, takes it for a few hundred wallets.
create function ledger.refresh_statistics() returns void language plpgsql security definer
set search_path = pg_catalog, pg_temp as $$
begin
  analyze ledger.postings;
end
$$;
revoke execute on function ledger.refresh_statistics() from public;
grant execute on function ledger.refresh_statistics() to countroom_app;
