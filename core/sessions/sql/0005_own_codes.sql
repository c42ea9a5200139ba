-- Did the player ask for the code themselves, as far as their device, network or password tells? What strangers ask for takes it from nobody.
alter table sessions.codes add column own boolean not null default true;
