import { type Currency, type Reader, showMoney, type WireMoney } from '#base'
import { catalogue, gameHere } from '../catalogue.ts'
import { showPercent } from '../fraction.ts'

/** The figures of one theme and pay table in one currency (GLI-19 2.8.3, 2.9.2), over all time; as of what is counted, some minutes ago. */
export type Performance = {
  game: string
  version: string
  name: string
  kind: string | null
  currency: Currency
  /** When it was first offered here, if it is the version that is. */
  since: string | null
  status: 'open' | 'closed' | 'withdrawn'
  withdrawnSince: string | null
  /** By the mathematics of that version, or as it was offered; null of one that is neither here nor offered. */
  theoreticalRtp: string | null
  /** Won over staked, as a percentage; null before the first game. */
  actualRtp: string | null
  games: number
  staked: WireMoney
  won: WireMoney
  voided: number
  voidedStakes: WireMoney
  gambles: number
  gambled: WireMoney
  gamblesWon: number
  gambleWins: WireMoney
  /** In rounds that wait for their player [GLI-2.9.2i]. */
  openRounds: number
  held: WireMoney
}

type Row = {
  game: string
  version: string
  currency: Currency
  games: string
  staked: string
  won: string
  gambles: string
  gambled: string
  gamblesWon: string
  gambleWins: string
  voided: string
  voidedStakes: string
  openRounds: string
  held: string
  offered: string | null
  offeredRtp: string | null
  offeredSince: Date | null
  closedSince: Date | null
}

/** Every version that was played or is offered. */
export async function performance(reader: Reader): Promise<Performance[]> {
  const rows = await reader<Row[]>`
    with played as (
      select game, version, currency, sum(rounds) as games, sum(staked) as staked, sum(won) as won, sum(gambles) as gambles, sum(gambled) as gambled,
        sum(gambles_won) as gambles_won, sum(gamble_wins) as gamble_wins
      from games.returns group by game, version, currency
    ),
    voided as (
      select r.game, r.version, w.currency, count(*) as rounds, sum(r.stake) as stakes
      from games.voided_rounds r join ledger.wallets w on w.wallet = r.wallet group by r.game, r.version, w.currency
    ),
    waiting as (
      select r.game, r.version, w.currency, count(*) as rounds, sum(r.stake) as held
      from games.open_rounds r join ledger.wallets w on w.wallet = r.wallet group by r.game, r.version, w.currency
    )
    select game, version, currency, coalesce(p.games, 0)::text as games, coalesce(p.staked, 0)::text as staked, coalesce(p.won, 0)::text as won,
      coalesce(p.gambles, 0)::text as gambles, coalesce(p.gambled, 0)::text as gambled,
      coalesce(p.gambles_won, 0)::text as "gamblesWon", coalesce(p.gamble_wins, 0)::text as "gambleWins",
      coalesce(v.rounds, 0)::text as voided, coalesce(v.stakes, 0)::text as "voidedStakes",
      coalesce(o.rounds, 0)::text as "openRounds", coalesce(o.held, 0)::text as held,
      f.offered, f.rtp as "offeredRtp", f.offered_since as "offeredSince",
      (select min(c.since) from games.closures c where c.game in (game, '*') and c.version in (version, '*')) as "closedSince"
    from played p full join voided v using (game, version, currency) full join waiting o using (game, version, currency)
    left join (select game, version as offered, rtp, since as offered_since from games.offers) f using (game) order by game, version, currency`
  return rows.map(show)
}

function show(row: Row): Performance {
  const money = (digits: string) => showMoney({ amount: BigInt(digits), currency: row.currency })
  const present = catalogue().find(({ id }) => id === row.game)
  const game = gameHere(row.game, row.version)
  const isOffered = row.offered === null || row.offered === row.version
  const staked = BigInt(row.staked)
  return {
    ...{
      game: row.game,
      version: row.version,
      name: present?.name ?? row.game,
      kind: present?.kind ?? null,
      currency: row.currency,
    },
    since: isOffered ? (row.offeredSince?.toISOString() ?? null) : null,
    status: !isOffered ? 'withdrawn' : row.closedSince ? 'closed' : 'open',
    withdrawnSince: isOffered ? (row.closedSince?.toISOString() ?? null) : (row.offeredSince?.toISOString() ?? null),
    theoreticalRtp: game ? showPercent(game.rtp) : row.offered === row.version ? row.offeredRtp : null,
    actualRtp: staked > 0n ? showPercent({ n: BigInt(row.won), d: staked }) : null,
    games: Number(row.games),
    staked: money(row.staked),
    won: money(row.won),
    voided: Number(row.voided),
    voidedStakes: money(row.voidedStakes),
    gambles: Number(row.gambles),
    gambled: money(row.gambled),
    gamblesWon: Number(row.gamblesWon),
    gambleWins: money(row.gambleWins),
    openRounds: Number(row.openRounds),
    held: money(row.held),
  }
}
