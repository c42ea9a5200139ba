-- What a proof could not see: whose a wallet is once the keys that name its player are forgotten, and tombstones, which
-- stood in no chain.

-- Who each wallet was opened for, as a sound proof first found it.
create table ledger.owners (
  wallet bigint primary key,
  player text not null,
  currency text not null,
  opened_at timestamptz not null
);
revoke update, delete, truncate on ledger.owners from countroom_app;

/*
 * Lays a tombstone: the key without a transfer, so that whoever comes with it later is refused. It is a batch of its own in
 * the chain of the wallet's lane, so that it can neither go nor change unseen. Under the wallet's lock; takes the lane.
 */
create function ledger.bury(_wallet bigint, _key text, _at timestamptz) returns void language plpgsql as $$
declare
  _lane smallint := -1 - _wallet % 16;
  _nothing uuid := '00000000-0000-0000-0000-000000000000';
  _buried ledger.wallets;
  _batch bigint;
  _keys bytea;
  _digest bytea;
begin
  select * into strict _buried from ledger.wallets where wallet = _wallet;
  select batch + 1, digest into strict _batch, _digest from ledger.lanes where lane = _lane for no key update;
  _keys := ledger.keys_digest(ledger.line_of_key(_wallet, _buried.player, _buried.currency, _key, _nothing, 0, _buried.version, 0));
  _digest := ledger.batch_digest(_digest, _batch, _at, _keys, null);
  insert into ledger.transfers (wallet, transfer, cash, bonus, held, version, at, batch, payload_hash, lane, legs, key)
  values (_wallet, 0, _buried.cash, _buried.bonus, _buried.held, _buried.version, _at, _batch, _nothing, _lane, 0, _key);
  insert into ledger.batches (lane, batch, at, transfers, keys, digest) values (_lane, _batch, _at, 0, _keys, _digest);
  update ledger.lanes set batch = _batch, digest = _digest where lane = _lane;
end
$$;

-- Proofs are a row a minute; the two that matter long are found at once.
create index proofs_unsound on ledger.proofs (at) where not ok;
create index proofs_whole on ledger.proofs (at) where ok and since <= '1970-01-01T00:00:00Z';
