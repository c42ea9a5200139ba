-- The language we write to a player in.
alter table players.players add column language text not null default 'en';
alter table players.players alter column language drop default;
