import type postgres from 'postgres'
import type { Reader } from '#base'
import { type OpenRound, openRows, viewOfOpen } from './step.ts'
import { numberOf, type RoundRow, type RoundView, viewOf } from './view.ts'

/** A round that is over, with what a recall shows besides. */
export type PastRound = RoundRow & {
  wallet: bigint
  session: string
  choice: string
  draws: string
  /** Null for one that was settled at once. */
  steps: string | null
  begunAt: Date | null
  /** Why it was voided. */
  reason: string | null
}

type Where = postgres.PendingQuery<postgres.Row[]>

/** The player's rounds, newest first, those that wait and those that were voided with them; `before` is the last round seen. */
export async function history(
  reader: Reader,
  wallet: bigint,
  { before, limit }: { before?: string; limit: number },
): Promise<RoundView[]> {
  const place = before === undefined ? undefined : await placeOf(reader, wallet, numberOf(before))
  const older = place === undefined ? reader`true` : reader`r.transfer < ${place}`
  const begunBefore = place === undefined ? reader`true` : reader`r.round < ${place}`
  const [open, settled, voided] = await Promise.all([
    reader<OpenRound[]>`
      ${openRows(reader)} where r.wallet = ${wallet} and ${begunBefore} order by r.round desc limit ${limit}`,
    settledAs(reader, reader`r.wallet = ${wallet} and ${older}`, limit),
    voidedAs(reader, reader`r.wallet = ${wallet} and ${older}`, limit),
  ])
  return [
    ...open.map((row) => ({ place: row.round, view: () => viewOfOpen(row) })),
    ...[...settled, ...voided].map((row) => ({ place: row.transfer, view: () => viewOf(row) })),
  ]
    .sort((a, b) => (a.place < b.place ? 1 : -1))
    .slice(0, limit)
    .map(({ view }) => view())
}

/** The rounds that were settled and satisfy a condition on `r`, newest first. */
export async function settledAs(reader: Reader, where: Where, limit: number): Promise<PastRound[]> {
  return await reader<PastRound[]>`
    select 'settled' as status, r.*, r.begun_at as "begunAt", null as reason, w.currency
    from games.rounds r join ledger.wallets w on w.wallet = r.wallet
    where ${where} order by r.transfer desc limit ${limit}`
}

/** The same of those that were voided; their outcome is that of the last step. */
export async function voidedAs(reader: Reader, where: Where, limit: number): Promise<PastRound[]> {
  return await reader<PastRound[]>`
    select 'voided' as status, r.*, r.begun_at as "begunAt", 0::bigint as win, (r.steps::json -> -1 -> 'outcome')::text as outcome, w.currency
    from games.voided_rounds r join ledger.wallets w on w.wallet = r.wallet
    where ${where} order by r.transfer desc limit ${limit}`
}

/** Where a round stands in the history: rounds of several steps at the transfer that ended them. */
async function placeOf(reader: Reader, wallet: bigint, round: bigint): Promise<bigint> {
  const [row] = await reader<Array<{ transfer: bigint }>>`
    select transfer from games.rounds where wallet = ${wallet} and round = ${round}
    union all select transfer from games.voided_rounds where wallet = ${wallet} and round = ${round}`
  return row?.transfer ?? round
}
