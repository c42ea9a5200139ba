-- From what sum of a day on a player's wagers, or their wins, are a significant event.
update licences.licences set rules = jsonb_set(rules, '{significant}', (
  select jsonb_object_agg(currency, bounds || case currency
    when 'SEK' then '{"stakesPerDay": "100000.00", "winsPerDay": "100000.00"}'::jsonb
    else '{"stakesPerDay": "10000.00", "winsPerDay": "10000.00"}'::jsonb end)
  from jsonb_each(rules -> 'significant') as s (currency, bounds)));
