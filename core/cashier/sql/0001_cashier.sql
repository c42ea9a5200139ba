-- Money in and out. The ledger holds the money; these rows hold why it moved and how far the outside has got.

create table cashier.deposits (
  id text primary key,
  player text not null,
  wallet bigint not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  gateway text not null,
  state text not null check (state in ('pending', 'credited', 'held', 'failed')),
  reason text, -- why failed or held
  payment text, -- the gateway's own id
  redirect_url text,
  authorisation text, -- the issuer's authorisation number
  instrument text,
  requested_at timestamptz not null,
  settled_at timestamptz,
  decided_by text,
  unique (gateway, payment)
);
create index deposits_of_player on cashier.deposits (player, id desc);
create index deposits_by_state on cashier.deposits (state, id desc);

-- What may be paid out to: a card the player paid with, known to the gateway by a token. No card number, ever.
create table cashier.instruments (
  id text primary key,
  player text not null,
  gateway text not null,
  brand text not null,
  token_hash bytea not null,
  details bytea not null, -- envelope: token, last four digits, expiry, holder
  saved_at timestamptz not null,
  unique (player, gateway, token_hash)
);

create table cashier.withdrawals (
  id text primary key,
  player text not null,
  wallet bigint not null,
  amount bigint not null check (amount > 0),
  currency text not null,
  gateway text not null,
  instrument text not null references cashier.instruments (id),
  state text not null check (state in ('requested', 'approved', 'sent', 'paid', 'rejected', 'failed')),
  unknown_since timestamptz, -- sent, and the gateway has not said what became of it
  reason text,
  payout text, -- the gateway's own id
  requested_at timestamptz not null,
  decided_at timestamptz,
  decided_by text,
  sent_at timestamptz,
  settled_at timestamptz,
  unique (gateway, payout)
);
create index withdrawals_of_player on cashier.withdrawals (player, id desc);
create index withdrawals_by_state on cashier.withdrawals (state, id desc);

-- What gateways told us, under the gateway's own event ids: the key of the partner face. Kept as long as the money's rows.
create table cashier.gateway_events (
  gateway text not null,
  id text not null,
  type text not null,
  reference text not null, -- a deposit or withdrawal of ours, or what the gateway took for one
  player text,
  digest bytea not null, -- of the raw bytes
  body bytea, -- envelope of the raw bytes; null when no player of ours is meant
  received_at timestamptz not null,
  processed_at timestamptz,
  outcome text check (outcome in ('applied', 'ignored', 'mismatch', 'contradiction', 'unknown_reference', 'unknown_type')),
  primary key (gateway, id)
);
create index gateway_events_open on cashier.gateway_events (received_at) where processed_at is null;
create index gateway_events_of_reference on cashier.gateway_events (reference);

revoke delete, truncate on cashier.deposits, cashier.withdrawals, cashier.gateway_events from countroom_app;
