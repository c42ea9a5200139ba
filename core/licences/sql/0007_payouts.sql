-- From how much on a payout takes two members of staff, by itself or with what the player was approved in 24 hours.
update licences.licences set rules = rules || '{
  "payoutTwoFrom": {"EUR": "2000.00", "GBP": "2000.00", "SEK": "20000.00", "USD": "2000.00"}
}';
