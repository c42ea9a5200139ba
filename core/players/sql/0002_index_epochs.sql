-- Blind indexes name the epoch they were made under. During a rotation a player has two, and no two players share one, so an
-- address stays one player's throughout. An address is taken before its player is there, hence no foreign key.
create table players.email_indexes (
  epoch text not null,
  value bytea not null,
  player text not null,
  primary key (epoch, value),
  unique (player, epoch)
);
insert into players.email_indexes (epoch, value, player) select 'hk-email-index-1', email_index, player from players.players;
alter table players.players drop column email_index;

-- A code is compared under the epoch it was made under.
alter table players.confirmations add column epoch text not null default 'hk-pepper-1';
alter table players.confirmations alter column epoch drop default;
