-- What people are told. `sealed` holds the values, and the address where one was given; it is emptied when the message has left
-- or never will.
create table messages.outbox (
  message text primary key,
  holder text not null,
  channel text not null check (channel in ('email', 'sms')),
  template text not null,
  language text,
  sealed bytea,
  to_own_address boolean not null,
  state text not null default 'waiting'
    check (state in ('waiting', 'sent', 'delivered', 'bounced', 'given_up', 'expired', 'withheld')),
  attempts int not null default 0,
  made_at timestamptz not null,
  due_at timestamptz not null,
  before timestamptz,
  claimed_until timestamptz,
  ended_at timestamptz,
  carrier text,
  reference text,
  status text
);
create index outbox_due on messages.outbox (due_at) where state = 'waiting';
create index outbox_by_holder on messages.outbox (holder, template, made_at);
create index outbox_by_age on messages.outbox (made_at);
create unique index outbox_by_reference on messages.outbox (carrier, reference) where reference is not null;

-- A holder's own address: since when it is the one it is, and whether what went there came back.
create table messages.addresses (
  holder text not null,
  channel text not null check (channel in ('email', 'sms')),
  since timestamptz not null,
  bounced_at timestamptz,
  status text,
  primary key (holder, channel)
);
