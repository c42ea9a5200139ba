import { type CsvCell, type Currency, csvLine, type Reader, showMoney } from '#base'
import { archivedMeanwhile } from './errors.ts'
import {
  boundsOf,
  columns,
  isWanted,
  type Opening,
  reachedBy,
  type StatementFilter,
  type StatementLine,
  withinTime,
} from './statement.ts'

/** Which lines of a wallet an extract holds: those of the filter, after one version and up to another. */
export type StatementExtract = {
  wallet: bigint
  currency: Currency
  after: bigint
  upTo: bigint
  filter: StatementFilter
  opening: Opening | null
}

/** So many versions are read at once; what is between two reads is all that an extract keeps in memory. */
const versionsPerRead = 5000

/**
 * Says which lines an extract will hold, as of now. What is booked never changes, so this can be written down in one
 * transaction and read after it.
 *
 * @throws Refusal `ledger.wallet_unknown`
 */
export async function statementExtract(
  reader: Reader,
  wallet: bigint,
  filter: StatementFilter,
): Promise<StatementExtract> {
  const { currency, version, opening } = await boundsOf(reader, wallet)
  const extract = { wallet, currency, filter, opening, after: opening?.version ?? 0n, upTo: version }
  if (filter.from === undefined && filter.until === undefined) return extract
  // Two questions, each answered from one end of the index; min and max together would read all between.
  const lines = reader`from ledger.postings where wallet = ${wallet} and ${withinTime(reader, filter)}`
  const [first] = await reader<Array<{ version: bigint }>>`select version ${lines} order by version limit 1`
  const [last] = await reader<Array<{ version: bigint }>>`
    select version ${lines} and version <= ${version} order by version desc limit 1`
  return first && last ? { ...extract, after: first.version - 1n, upTo: last.version } : { ...extract, upTo: -1n }
}

/**
 * The lines as CSV, oldest first, in chunks: a header, the balance carried forward when older lines are archived, then
 * the lines. Amounts are decimals of the currency, instants UTC. Memory does not grow with the number of lines, and between
 * two chunks neither a connection nor a snapshot is held, so a slow reader holds up nobody: a transaction open for as
 * long as a download would keep a month from being detached, and that would keep everybody from booking.
 *
 * @throws Refusal `ledger.archived_meanwhile`
 */
export async function* statementCsv(reader: Reader, extract: StatementExtract): AsyncGenerator<string, void, void> {
  const { wallet, currency, upTo, filter } = extract
  const money = (amount: bigint) => ({ decimal: showMoney({ amount, currency }).amount })
  const opening = reachedBy(extract.opening, filter)
  yield csvLine('at version transfer kind reference source target amount currency cash bonus held'.split(' ')) +
    (opening ? csvLine(cellsOfOpening(opening, currency, money)) : '')
  for (let after = extract.after; after < upTo; after += BigInt(versionsPerRead)) {
    const end = after + BigInt(versionsPerRead)
    const lines = await reader<StatementLine[]>`
      select ${columns(reader)} from ledger.postings
      where wallet = ${wallet} and version > ${after} and version <= ${end < upTo ? end : upTo}
        and ${withinTime(reader, filter)} and ${isWanted(reader, filter)}
      order by version`
    if (lines.length > 0) yield lines.map((line) => csvLine(cellsOf(line, currency, money))).join('')
  }
  const begins = (await boundsOf(reader, wallet)).opening?.version ?? 0n
  if (begins > (extract.opening?.version ?? 0n) && begins > extract.after) throw archivedMeanwhile()
}

type Show = (amount: bigint) => CsvCell

function cellsOf(line: StatementLine, currency: Currency, money: Show): CsvCell[] {
  const { at, version, transfer, kind, reference, source, target, amount, cash, bonus, held } = line
  const pockets = [money(cash), money(bonus), money(held)]
  return [at, version, transfer, kind, reference, source, target, money(amount), currency, ...pockets]
}

/** The balance carried forward, in the columns of a line; what it has none of is empty. */
function cellsOfOpening({ at, version, cash, bonus, held }: Opening, currency: Currency, money: Show): CsvCell[] {
  return [at, version, null, 'opening', null, null, null, null, currency, money(cash), money(bonus), money(held)]
}
