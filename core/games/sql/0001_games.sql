-- A round: what was chosen, drawn and won. The stake and win it names are booked in the transaction that writes it.
create table games.rounds (
  wallet bigint not null,
  transfer bigint not null,
  session text not null,
  game text not null,
  version text not null,
  stake bigint not null,
  win bigint not null,
  choice text not null,
  draws text not null,
  outcome text not null,
  cash bigint not null,
  bonus bigint not null,
  held bigint not null,
  at timestamptz not null,
  primary key (wallet, transfer)
);
create index rounds_by_time on games.rounds using brin (at);
revoke update, delete, truncate on games.rounds from countroom_app;

-- A game that is closed, until the row is gone [GLI-2.4.1b].
create table games.closures (
  game text primary key,
  since timestamptz not null,
  reason text not null
);

/*
 * Settles a batch of bets of different wallets in one transaction: under the wallets' locks it asks whether each session
 * is alive, the player barred, the game open; books stake and win; writes the rounds. Answers per item a code
 * (posted | replayed | session_ended | cool_off | self_exclusion | game_closed | what ledger.post says) and the round.
 */
create function games.settle(
  _lane smallint, _holder text, _at timestamptz,
  _wallets bigint[], _keys text[], _hashes uuid[], _sessions text[], _games text[], _versions text[],
  _stakes bigint[], _wins bigint[], _choices text[], _draws text[], _outcomes text[],
  _leg_items int[], _leg_sources text[], _leg_targets text[], _leg_amounts bigint[],
  out item int, out code text, out transfer bigint, out game text, out version text, out stake bigint, out win bigint,
  out outcome text, out cash bigint, out bonus bigint, out held bigint, out at timestamptz
) returns setof record language plpgsql as $$
#variable_conflict use_column
declare
  _verdicts text[];
  _kinds text[] := array_fill('round'::text, array[cardinality(_wallets)]);
  _references text[] := array_fill(''::text, array[cardinality(_wallets)]);
begin
  perform from ledger.wallets where wallet = any (_wallets) order by wallet for no key update;

  select array_agg(
    case
      when b.kind is not null then b.kind
      when l.session is null then 'session_ended'
      when c.game is not null then 'game_closed'
      else ''
    end order by i.item)
  into _verdicts
  from unnest(_wallets, _sessions, _games) with ordinality as i (wallet, session, game, item)
  left join protection.barred(_wallets, _at) b on b.wallet = i.wallet
  left join sessions.live(_sessions, _at) as l (session) on l.session = i.session
  left join games.closures c on c.game = i.game;

  return query
  with posted as materialized (
    select * from ledger.post(_lane, _holder, _at, _wallets, _keys, _hashes, _kinds, _references, _verdicts,
      _leg_items, _leg_sources, _leg_targets, _leg_amounts)
  ),
  bets as (
    select * from unnest(_wallets, _sessions, _games, _versions, _stakes, _wins, _choices, _draws, _outcomes)
      with ordinality as b (wallet, session, game, version, stake, win, choice, draws, outcome, item)
  ),
  write_rounds as (
    insert into games.rounds (wallet, transfer, session, game, version, stake, win, choice, draws, outcome, cash, bonus, held, at)
    select b.wallet, p.transfer, b.session, b.game, b.version, b.stake, b.win, b.choice, b.draws, b.outcome, p.cash, p.bonus, p.held, _at
    from posted p join bets b on b.item = p.item where p.code = 'posted'
  )
  select p.item, p.code, p.transfer,
    coalesce(r.game, b.game), coalesce(r.version, b.version), coalesce(r.stake, b.stake), coalesce(r.win, b.win),
    coalesce(r.outcome, b.outcome), p.cash, p.bonus, p.held, coalesce(r.at, _at)
  from posted p
  join bets b on b.item = p.item
  left join games.rounds r on p.code = 'replayed' and r.wallet = b.wallet and r.transfer = p.transfer
  order by p.item;
end
$$;

-- Published: how each version of each game has done [GLI-2.8.3].
create view games.performance as
  select r.game, r.version, w.currency, count(*) as rounds, sum(r.stake)::numeric as wagered, sum(r.win)::numeric as won
  from games.rounds r join ledger.wallets w on w.wallet = r.wallet
  group by r.game, r.version, w.currency;
