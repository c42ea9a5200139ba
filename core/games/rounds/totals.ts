import { type Currency, type Reader, showMoney, type WireMoney } from '#base'
import * as ledger from '#ledger'
import { catalogue } from '../catalogue.ts'
import type { Game } from '../game.ts'

/** What a player staked and won with one game. */
export type GameTotal = {
  game: string
  name: string
  /** Null for a game that is not here any more. */
  kind: Game['kind'] | null
  rounds: number
  staked: WireMoney
  won: WireMoney
}

type Row = { game: string; rounds: number; staked: string; won: string }

/**
 * What a wallet staked and won with each game, on the days asked for and up to this moment, the most staked first [GLI-2.5.7b]. Days are UTC's,
 * first and last included, `YYYY-MM-DD`. A round counts on the day it was settled; one that waits or was voided does not.
 *
 * @throws Refusal `ledger.wallet_unknown`
 */
export async function gameTotals(
  reader: Reader,
  wallet: bigint,
  { from = '-infinity', to = 'infinity' }: { from?: string; to?: string },
): Promise<GameTotal[]> {
  const { currency } = await ledger.ownerOf(reader, wallet)
  const rows = await reader<Row[]>`
    select game, sum(rounds)::int as rounds, sum(staked) as staked, sum(won) as won
    from (
      select day, game, rounds, staked, won from games.totals where wallet = ${wallet}
      union all
      select day, game, 1, stake, win from games.not_summed(${wallet})
    ) played
    where day between ${from}::text::date and ${to}::text::date
    group by game order by sum(staked) desc, game`
  return rows.map((row) => totalOf(row, currency))
}

function totalOf({ game, rounds, staked, won }: Row, currency: Currency): GameTotal {
  const { name = game, kind = null } = catalogue().find(({ id }) => id === game) ?? {}
  const show = (amount: string) => showMoney({ amount: BigInt(amount), currency })
  return { game, name, kind, rounds, staked: show(staked), won: show(won) }
}
