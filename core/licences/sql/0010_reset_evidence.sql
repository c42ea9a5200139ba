-- What who has no second factor says of themselves, besides the code of the mail, to set a new password; and how long a registration waits to
-- be confirmed.
update licences.licences set rules = rules || '{
  "resetEvidence": ["dateOfBirth", "postalCode"],
  "registrationHoursMax": 72
}';
