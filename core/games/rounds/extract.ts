import type postgres from 'postgres'
import type { Reader } from '#base'
import type { Keys } from '#keys'
import { settledSeconds } from '../policy.ts'
import { header, openLines, type Row } from './lines.ts'

/** Which rounds that are over; all that is given must hold. `from` is included, `until` is not; both are instants of their end. */
export type RoundsFilter = { game?: string; from?: Date; until?: Date }

/** A wallet's rounds up to one transfer. */
export type WalletRounds = { wallet: bigint; upTo: bigint; filter: RoundsFilter }

/** Everybody's rounds of a span of time. */
export type RoundsOfAll = { from: Date; until: Date; game?: string }

type Part = postgres.PendingQuery<postgres.Row[]>

/** So many rounds are read at once; what is between two reads is all that an extract keeps in memory. */
const roundsPerRead = 500

/** What is read at once never spans more time than this, so that a burst after a silence is no long statement. */
const spanMsMax = 60_000
const dayMs = 86_400_000

/**
 * Says which rounds a wallet's extract will hold, as of now. A round that is over never changes, so this can be written down in one
 * transaction and read after it.
 */
export async function walletRounds(reader: Reader, wallet: bigint, filter: RoundsFilter): Promise<WalletRounds> {
  const [row] = await reader<Array<{ upTo: bigint | null }>>`
    select greatest(
      (select max(transfer) from games.rounds where wallet = ${wallet}),
      (select max(transfer) from games.voided_rounds where wallet = ${wallet})) as "upTo"`
  return { wallet, upTo: row?.upTo ?? 0n, filter }
}

/**
 * Says which rounds an extract of everybody's will hold: until two minutes before now at most, since a round may be there that much later than
 * the time it names.
 */
export function roundsOfAll(now: Date, { game, from, until = now }: RoundsFilter & { from: Date }): RoundsOfAll {
  const settled = now.getTime() - settledSeconds * 1000
  return { from, until: new Date(Math.min(until.getTime(), settled)), ...(game === undefined ? {} : { game }) }
}

/**
 * A wallet's rounds that are over as CSV, oldest first, in chunks [GLI-2.8.1b] [GLI-2.8.2]: those that were settled and those that were voided, with
 * choice, outcome, steps and draws as they are kept (JSON), what of stake and win was incentive or jackpot money, and where the sign-in came from.
 * Amounts are in minor units of the currency, whose value `denomination` says; instants are UTC. Memory does not grow with the number of rounds, and
 * between two chunks neither a connection nor a snapshot is held.
 *
 * @throws Refusal `keys.unavailable`, also between two chunks
 */
export async function* walletRoundsCsv(
  reader: Reader,
  keys: Keys,
  { wallet, upTo, filter }: WalletRounds,
): AsyncGenerator<string, void, void> {
  yield header
  const linesOf = openLines(reader, keys)
  for (let after = 0n; after < upTo; ) {
    const rows = await read(
      reader,
      reader`r.wallet = ${wallet} and r.transfer > ${after} and r.transfer <= ${upTo} and ${wantedOf(reader, filter)}`,
      reader`r.transfer`,
    )
    if (rows.length > 0) yield await linesOf(rows)
    if (rows.length < roundsPerRead) return
    after = rows.at(-1)!.transfer
  }
}

/** The same of everybody, in the order in which they ended. */
export async function* roundsOfAllCsv(
  reader: Reader,
  keys: Keys,
  { from, until, game }: RoundsOfAll,
): AsyncGenerator<string, void, void> {
  yield header
  const linesOf = openLines(reader, keys)
  let spanMs = 1000
  for (let day = from; day < until; day = earlier(until, day, dayMs)) {
    const night = earlier(until, day, dayMs)
    if (!(await isAnything(reader, day, night))) continue
    let [start, last] = [day, 0n] // the last of its instant that was written
    while (start < night) {
      const end = earlier(night, start, spanMs)
      const rows = await read(
        reader,
        reader`(r.at, r.transfer) > (${start}, ${last}) and ${wantedOf(reader, { from: start, until: end, ...(game === undefined ? {} : { game }) })}`,
        reader`r.at, r.transfer`,
      )
      if (rows.length > 0) yield await linesOf(rows)
      if (rows.length === roundsPerRead) {
        ;({ at: start, transfer: last } = rows.at(-1)!)
        spanMs = Math.max(1, Math.floor(spanMs / 2))
      } else {
        ;[start, last] = [end, 0n]
        if (rows.length < roundsPerRead / 4) spanMs = Math.min(spanMsMax, spanMs * 2)
      }
    }
  }
}

function earlier(bound: Date, from: Date, ms: number): Date {
  return new Date(Math.min(bound.getTime(), from.getTime() + ms))
}

/** So that days without play cost one question each. The order keeps the server from reading the table from its beginning until it comes to that day. */
async function isAnything(reader: Reader, from: Date, until: Date): Promise<boolean> {
  const within = wantedOf(reader, { from, until })
  const [row] = await reader<Array<{ found: boolean }>>`
    select (select true from games.rounds r where ${within} order by r.at limit 1) is not null
      or (select true from games.voided_rounds r where ${within} order by r.at limit 1) is not null as found`
  return row!.found
}

function wantedOf(reader: Reader, { game, from, until }: RoundsFilter): Part {
  return reader`true
    ${game === undefined ? reader`` : reader`and r.game = ${game}`}
    ${from === undefined ? reader`` : reader`and r.at >= ${from}`}
    ${until === undefined ? reader`` : reader`and r.at < ${until}`}`
}

/** The first rounds that satisfy a condition on `r`, in an order of its columns; each half ends by itself, so that its index is enough. */
async function read(reader: Reader, where: Part, order: Part): Promise<Row[]> {
  const columns = reader`r.wallet, r.transfer, r.round, r.session, r.game, r.version, r.stake, r.choice, r.draws, r.steps,
    r.begun_at as "begunAt", r.at, r.cash, r.bonus, r.held`
  const first = reader`order by ${order} limit ${roundsPerRead}`
  return await reader<Row[]>`
    select r.*, w.player, w.currency
    from (
      (select 'settled' as status, ${columns}, r.win, r.outcome, null as reason from games.rounds r where ${where} ${first})
      union all
      (select 'voided', ${columns}, 0::bigint, (r.steps::json -> -1 -> 'outcome')::text, r.reason from games.voided_rounds r where ${where} ${first})
    ) r join ledger.wallets w on w.wallet = r.wallet
    ${first}`
}
