-- What differs by licence, as data. One document per licence; the one in force is marked.
create table licences.licences (
  licence text primary key,
  in_force boolean not null default false,
  rules jsonb not null
);
create unique index licences_in_force on licences.licences (in_force) where in_force;
insert into licences.licences (licence, in_force, rules) values ('standard', true, '{
  "ageMin": 18,
  "ageMinByCountry": {"EE": 21, "GR": 21, "BE": 21},
  "countriesBlocked": ["AF", "AU", "BY", "CU", "FR", "IR", "KP", "NL", "RU", "SG", "SY", "TR", "US"],
  "currencies": ["EUR", "GBP", "SEK", "USD"],
  "termsVersion": "2026-11",
  "privacyVersion": "2026-11",
  "deposit": {"EUR": {"min": "5.00", "max": "5000.00"}, "GBP": {"min": "5.00", "max": "5000.00"}, "SEK": {"min": "50.00", "max": "50000.00"}, "USD": {"min": "5.00", "max": "5000.00"}},
  "withdrawalMin": {"EUR": "5.00", "GBP": "5.00", "SEK": "50.00", "USD": "5.00"},
  "limitLoosenHours": 24,
  "coolOffHoursMin": 24,
  "coolOffHoursMax": 720,
  "exclusionMonthsMin": 6,
  "sessionIdleSecondsMax": 1800,
  "sessionSecondsMax": 43200,
  "passwordLengthMin": 15,
  "signInFailuresMax": 3,
  "signInFailureMinutes": 30,
  "cycleMsMin": {"slot": 0, "table": 0}
}');
revoke insert, update, delete, truncate on licences.licences from countroom_app;
