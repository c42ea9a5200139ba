import { type CsvCell, csvLine, type Reader, showMoney } from '#base'
import type { Keys } from '#keys'
import * as sessions from '#sessions'
import { catalogue } from '../catalogue.ts'
import type { PastRound } from './history.ts'
import { type Shares, sharesOf } from './shares.ts'
import { cashBefore, stepsOf } from './step.ts'
import { nameOf } from './view.ts'

/** A round that is over, and whose it was. */
export type Row = PastRound & { player: string }

/** So many sessions' places are remembered within a file, as each costs a question to the key agent. */
const placesMax = 10_000

export const header = csvLine([
  ...['round', 'status', 'begun_at', 'at', 'player', 'session', 'country', 'game', 'name', 'kind', 'version'],
  ...['currency', 'denomination', 'stake', 'staked_of_incentives', 'to_jackpots'],
  ...['win', 'won_of_incentives', 'won_of_jackpots', 'cash_before', 'cash', 'bonus', 'held'],
  ...['choice', 'outcome', 'steps', 'draws', 'reason'],
])

/** Writes the lines of one file. What is the same for many rounds is looked up once for it. */
export function openLines(reader: Reader, keys: Keys): (rows: readonly Row[]) => Promise<string> {
  const games = new Map(catalogue().map((game) => [game.id, game]))
  const countries = new Map<string, string | null>()

  return async (rows) => {
    const shares = await sharesOf(reader, rows)
    await learnCountries(rows)
    const lines = rows.map((row) => csvLine(cellsOf(row, shares.get(row.transfer)))).join('')
    forgetOldest()
    return lines
  }

  function forgetOldest(): void {
    for (const session of countries.keys()) {
      if (countries.size <= placesMax) return
      countries.delete(session)
    }
  }

  async function learnCountries(rows: readonly Row[]): Promise<void> {
    const unknown = [...new Set(rows.map(({ session }) => session))].filter((session) => !countries.has(session))
    if (unknown.length === 0) return
    const places = await sessions.placesOf(reader, keys, unknown)
    for (const session of unknown) countries.set(session, places.get(session)?.country ?? null)
  }

  /** Without shares where that month of the books is archived. */
  function cellsOf(row: Row, shares: Shares | undefined): CsvCell[] {
    const { status, begunAt, at, player, session, game, version, currency, stake, win, cash, bonus, held } = row
    const { name = game, kind = null } = games.get(game) ?? {}
    const denomination = { decimal: showMoney({ amount: 1n, currency }).amount }
    const before = cashBefore(row, row.steps === null ? [] : stepsOf({ steps: row.steps }))
    const { stakedOfIncentives = null, toJackpots = null, wonOfIncentives = null, wonOfJackpots = null } = shares ?? {}
    return [
      ...[nameOf(row.round ?? row.transfer), status, begunAt ?? at, at, player, session, countries.get(session)!],
      ...[game, name, kind, version, currency, denomination, stake, stakedOfIncentives, toJackpots],
      ...[win, wonOfIncentives, wonOfJackpots, before, cash, bonus, held],
      ...[row.choice, row.outcome, row.steps, row.draws, row.reason],
    ]
  }
}
