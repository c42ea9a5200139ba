-- Did the holder ask for the code themselves? What strangers ask for takes it from nobody.
alter table factors.sms_codes add column own boolean not null default true;
