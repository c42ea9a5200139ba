-- What the licence says of play: how long a game takes at least, the most a round may stake by kind of game and age, whether a page may
-- play by itself, after how many hours a round that waits is completed by its rules, and who may play without money.
update licences.licences set rules = rules || '{
  "cycleMsMin": {"slot": 0, "table": 0, "instant": 0},
  "stakeMax": {"slot": [], "table": [], "instant": []},
  "autoplay": true,
  "roundHoursMax": 24,
  "freePlay": "anybody"
}';

-- Great Britain, not in force: RTS 8A, 14D, 14G; the Gambling Act 2005 (Operating Licence Conditions) (Amendment) Regulations 2025; LCCP 3.2.11.
insert into licences.licences (licence, rules)
select 'great-britain', rules || '{
  "ageMinByCountry": {},
  "currencies": ["GBP"],
  "cycleMsMin": {"slot": 2500, "table": 5000, "instant": 5000},
  "stakeMax": {"slot": [{"amounts": {"GBP": "5.00"}}, {"ageBelow": 25, "amounts": {"GBP": "2.00"}}], "table": [], "instant": []},
  "autoplay": false,
  "freePlay": "verified"
}'
from licences.licences where licence = 'standard';
