-- The language for whoever names none that we write.
update licences.licences set rules = rules || '{"languageDefault": "en"}';
