-- Kinds of games of which a player has one at a time: Great Britain's licence does not let anybody play two slots at once (RTS 14C).
update licences.licences set rules = rules || '{"oneAtATime": []}';
update licences.licences set rules = rules || '{"oneAtATime": ["slot"]}' where licence = 'great-britain';
