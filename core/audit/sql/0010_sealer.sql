-- Sealing the log, having it cosigned, thinning it and bringing it to its second place is the worker's, who has a role of its own: core has none of it,
-- so a core that was taken over appends events and changes nothing of how they are sealed.

revoke execute on function audit.seal_events(int) from public, countroom_app;
revoke execute on function audit.seal_batches(smallint[], bigint[], timestamptz[], text[], int[], bytea, bytea) from public, countroom_app;
revoke execute on function audit.write_tiles(smallint[], bigint[], bytea[]) from public, countroom_app;
revoke execute on function audit.keep_checkpoint(bigint, timestamptz, bytea, text, text) from public, countroom_app;
revoke execute on function audit.thin_checkpoints(timestamptz) from public, countroom_app;
revoke insert on audit.cosignatures from countroom_app;
revoke update on audit.shipping from countroom_app;

grant execute on function audit.seal_events(int) to countroom_work;
grant execute on function audit.seal_batches(smallint[], bigint[], timestamptz[], text[], int[], bytea, bytea) to countroom_work;
grant execute on function audit.write_tiles(smallint[], bigint[], bytea[]) to countroom_work;
grant execute on function audit.keep_checkpoint(bigint, timestamptz, bytea, text, text) to countroom_work;
grant execute on function audit.thin_checkpoints(timestamptz) to countroom_work;
grant insert on audit.cosignatures to countroom_work;
grant update on audit.shipping to countroom_work;
