import { type Currency, numberArray, type Reader } from '#base'
import { archivedBefore, refusalOf } from './errors.ts'
import type { HouseAccount, Pocket } from './transfer.ts'

/**
 * One movement as the player sees it: which pocket changed by how much, and what was in all of them afterwards. Amounts
 * are minor units.
 */
export type StatementLine = {
  version: bigint
  transfer: bigint
  kind: string
  reference: string | null
  source: string
  target: string
  amount: bigint
  cash: bigint
  bonus: bigint
  held: bigint
  at: Date
}

/** What a line must be to be shown; all of it. */
export type StatementFilter = {
  kinds?: readonly string[]
  /** Lines that carry this instant or a later one. */
  from?: Date
  /** Lines that carry an instant before this one. */
  until?: Date
  /** Lines that take from or give to this pocket or account of the house. */
  account?: Pocket | HouseAccount
  reference?: string
}

/** Where a wallet's lines begin because older months are archived: the pockets then, and an instant none of those is after. */
export type Opening = { version: bigint; cash: bigint; bonus: bigint; held: bigint; at: Date }

export type StatementPage = {
  currency: Currency
  /** Newest first. May be fewer than asked for, even none, while `before` says that there is more. */
  lines: StatementLine[]
  /** Ask for the next page with it; null when this was the last. */
  before: bigint | null
  /** With the last page, when lines that were asked for are archived. */
  opening: Opening | null
}

/** Where a wallet's books begin and end at this moment. */
type Bounds = { currency: Currency; version: bigint; opening: Opening | null }

/** A page looks at so many lines at most, however few of them the filter lets through. */
const linesSeenMax = 20_000

/**
 * Newest first, by version. The cursor is the version of the last line seen, and a wallet's versions are committed in
 * order and without gap, so pages neither shift nor repeat while somebody books.
 *
 * @throws Refusal `ledger.wallet_unknown`
 */
export async function statement(
  reader: Reader,
  wallet: bigint,
  page: StatementFilter & { before?: bigint; limit: number },
): Promise<StatementPage> {
  const { currency, version, opening } = await boundsOf(reader, wallet)
  const before = page.before ?? version + 1n
  const seen = reader`
    select ${columns(reader)} from ledger.postings
    where wallet = ${wallet} and version < ${before} and ${withinTime(reader, page)} order by version desc`
  const found = await reader<StatementLine[]>`
    select * from (${seen} limit ${linesSeenMax}) seen
    where ${isWanted(reader, page)} order by version desc limit ${page.limit + 1}`
  const lines = found.slice(0, page.limit)
  let next = found.length > page.limit ? lines.at(-1)!.version : null
  if (next === null && picks(page)) {
    const [last] = await reader<Array<{ version: bigint }>>`
      select version from (${seen}) seen offset ${linesSeenMax - 1} limit 1`
    next = last?.version ?? null
  }
  return { currency, lines, before: next, opening: next === null ? reachedBy(opening, page) : null }
}

/**
 * What was in the pockets at an instant: after the last posting, by version, that carries this instant or an earlier one.
 * That is a state the wallet was really in. Versions, not instants, are the order of a wallet: two writers' clocks may
 * differ by minutes, so a line may carry an earlier instant than the line before it; the later line counts. For the same
 * reason an answer is final only when its instant is ten minutes old.
 *
 * @throws Refusal `ledger.wallet_unknown`; `ledger.archived` when what would tell is in a month that is detached
 */
export async function balanceAt(
  reader: Reader,
  wallet: bigint,
  at: Date,
): Promise<{ currency: Currency; cash: bigint; bonus: bigint; held: bigint }> {
  const [row] = await reader<Array<{ cash: bigint; bonus: bigint; held: bigint }>>`
    select cash, bonus, held from ledger.postings
    where wallet = ${wallet} and at <= ${at} order by version desc limit 1`
  const { currency, opening } = await boundsOf(reader, wallet)
  if (row) return { currency, ...row }
  if (!opening) return { currency, cash: 0n, bonus: 0n, held: 0n }
  if (at < opening.at) throw archivedBefore(opening.at)
  const { cash, bonus, held } = opening
  return { currency, cash, bonus, held }
}

/** What postings of a kind came to since a version of the wallet: the net position of a sitting. */
export async function netSince(
  reader: Reader,
  wallet: bigint,
  since: { kind: string; version: bigint },
): Promise<bigint> {
  const [row] = await reader<Array<{ net: string }>>`
    select coalesce(sum(case when target in ('cash', 'bonus') then amount else -amount end), 0) as net
    from ledger.postings where wallet = ${wallet} and version > ${since.version} and kind = ${since.kind}`
  return BigInt(row?.net ?? 0)
}

/** Where the wallet's books begin and end. @throws Refusal `ledger.wallet_unknown` */
export async function boundsOf(reader: Reader, wallet: bigint): Promise<Bounds> {
  const [row] = await reader<Array<Opening & { currency: Currency; last: bigint }>>`
    select w.currency, w.version as last, o.version, o.cash, o.bonus, o.held, o.at
    from ledger.wallets w left join ledger.openings o on o.wallet = w.wallet where w.wallet = ${wallet}`
  if (!row) throw refusalOf('wallet_unknown')
  const { currency, last, ...opening } = row
  return { currency, version: last, opening: opening.version === null ? null : opening }
}

/** The opening, if some of what was asked for may lie before it. */
export function reachedBy(opening: Opening | null, { from }: StatementFilter): Opening | null {
  return opening && (from === undefined || from <= opening.at) ? opening : null
}

export function columns(reader: Reader) {
  return reader`version, transfer, kind, reference, source, target, amount, cash, bonus, held, at`
}

/** The condition by which months are left out. */
export function withinTime(reader: Reader, { from, until }: StatementFilter) {
  return reader`true ${from ? reader`and at >= ${from}` : reader``} ${until ? reader`and at < ${until}` : reader``}`
}

export function isWanted(reader: Reader, { kinds, account, reference }: StatementFilter) {
  return reader`true
    ${kinds === undefined ? reader`` : reader`and kind = any (${kinds as string[]}::text[])`}
    ${account === undefined ? reader`` : reader`and ${account} in (source, target)`}
    ${reference === undefined ? reader`` : reader`and reference = ${reference}`}`
}

function picks({ kinds, account, reference }: StatementFilter): boolean {
  return kinds !== undefined || account !== undefined || reference !== undefined
}

/** One movement of a transfer, in minor units. */
export type Moved = { source: string; target: string; amount: bigint }

/**
 * What transfers moved, each its movements in order; one whose month is archived is not in the answer. `at` is the instant each was booked at. For
 * transfers that lie near one another: all that was booked between the first and the last is looked at, by their wallet where they have one.
 */
export async function legsOf(
  reader: Reader,
  transfers: ReadonlyArray<{ wallet: bigint; transfer: bigint; at: Date }>,
): Promise<Map<bigint, Moved[]>> {
  const legs = new Map<bigint, Moved[]>()
  if (transfers.length === 0) return legs
  const instants = transfers.map(({ at }) => at.getTime())
  const [wallet, ...others] = new Set(transfers.map((each) => each.wallet))
  const rows = await reader<Array<Moved & { transfer: bigint }>>`
    select p.transfer, p.source, p.target, p.amount
    from ledger.postings p
    join unnest(${numberArray(transfers.map(({ transfer }) => transfer))}::text::bigint[]) as wanted (transfer) on wanted.transfer = p.transfer
    where p.at >= ${new Date(Math.min(...instants))} and p.at <= ${new Date(Math.max(...instants))}
      ${others.length === 0 ? reader`and p.wallet = ${wallet!}` : reader``}
    order by p.transfer, p.version`
  for (const { transfer, ...moved } of rows) legs.set(transfer, [...(legs.get(transfer) ?? []), moved])
  return legs
}
