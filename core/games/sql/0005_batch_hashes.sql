/*
 * Of each batch the hashes of its key lines, and of its rows as leaves of a tree of their own (RFC 6962), 32 bytes each, in the
 * order of `games.batch_rows`. What is sealed each second need not leave the database as text for that.
 */
create function games.batch_hashes(
  _lanes smallint[], _batches bigint[], _from timestamptz, _before timestamptz,
  out lane smallint, out batch bigint, out keys bytea, out rows bytea
) returns setof record language plpgsql stable as $$
#variable_conflict use_column
begin
  return query
  select h.lane, h.batch, string_agg(h.key_hash, ''::bytea), string_agg(
    sha256('\x00'::bytea || convert_to(concat_ws(E'\n', 'key ' || encode(h.key_hash, 'hex'), h.lines), 'UTF8')), ''::bytea)
  from (
    select b.lane, b.batch, b.lines, sha256(convert_to(coalesce(b.key, ''), 'UTF8')) as key_hash
    from games.batch_rows(_lanes, _batches, _from, _before) b
    order by b.lane, b.batch, b.transfer
  ) h
  group by h.lane, h.batch order by h.lane, h.batch;
end
$$;
