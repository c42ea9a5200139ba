import { type Currency, csvLine, type Reader, showMoney } from '#base'
import type { HouseAccount } from './transfer.ts'

/** One account of the house over all lanes, in minor units: what came in to it, less what went out of it. Has no bound. */
export type HouseBalance = { account: HouseAccount; currency: Currency; balance: bigint }

export type HouseFilter = { account?: HouseAccount; currency?: Currency; from?: Date; until?: Date }

/** Which entries of the house an extract holds: per lane, account and currency those after one version and up to another. */
export type HouseExtract = {
  parts: ReadonlyArray<{ lane: number; account: HouseAccount; currency: Currency; after: bigint; upTo: bigint }>
  filter: HouseFilter
}

type Entry = { version: bigint; batch: bigint; amount: string; balance: string; at: Date }

const versionsPerRead = 5000

/** By so much two holders of a lane may differ about what time it is. */
const clocksDifferMsMax = 10 * 60_000

/** The house's accounts (the view `ledger.house_balances`), exact to any size. */
export async function houseBalances(reader: Reader): Promise<HouseBalance[]> {
  const rows = await reader<Array<Omit<HouseBalance, 'balance'> & { balance: string }>>`
    select account, currency, balance from ledger.house_balances order by account, currency`
  return rows.map((row) => ({ ...row, balance: BigInt(row.balance) }))
}

/** Says which entries an extract will hold, as of now; entries never change and are never detached. */
export async function houseExtract(reader: Reader, filter: HouseFilter): Promise<HouseExtract> {
  const { account, currency, from, until } = filter
  const bound = (at: Date) => reader`ledger.house_version_before(lane, account, currency, version, ${at})`
  const parts = await reader<Array<HouseExtract['parts'][number]>>`
    select lane, account, currency,
      ${from ? bound(new Date(from.getTime() - clocksDifferMsMax)) : reader`0::bigint`} as after,
      ${until ? bound(new Date(until.getTime() + clocksDifferMsMax)) : reader`version`} as "upTo"
    from ledger.house
    where true ${account ? reader`and account = ${account}` : reader``} ${currency ? reader`and currency = ${currency}` : reader``}
    order by account, currency, lane`
  return { parts, filter }
}

/**
 * The entries as CSV, in chunks: account by account, currency by currency, lane by lane, oldest first. One entry is what a
 * batch of a lane came to for the account; the balance is that of the lane's sub-account. As `statementCsv`, it holds
 * neither a connection nor a snapshot between two chunks, and memory does not grow with the number of entries.
 */
export async function* houseCsv(reader: Reader, { parts, filter }: HouseExtract): AsyncGenerator<string, void, void> {
  yield csvLine('at account currency lane version batch amount lane_balance'.split(' '))
  const { from, until } = filter
  for (const { lane, account, currency, upTo, ...part } of parts)
    for (let after = part.after; after < upTo; after += BigInt(versionsPerRead)) {
      const end = after + BigInt(versionsPerRead)
      const entries = await reader<Entry[]>`
        select e.version, e.batch, e.amount, e.balance, b.at
        from ledger.house_entries e join ledger.batches b on b.lane = e.lane and b.batch = e.batch
        where e.lane = ${lane} and e.account = ${account} and e.currency = ${currency}
          and e.version > ${after} and e.version <= ${end < upTo ? end : upTo}
          ${from ? reader`and b.at >= ${from}` : reader``} ${until ? reader`and b.at < ${until}` : reader``}
        order by e.version`
      const money = (amount: string) => ({ decimal: showMoney({ amount: BigInt(amount), currency }).amount })
      if (entries.length > 0)
        yield entries
          .map(({ at, version, batch, amount, balance }) =>
            csvLine([at, account, currency, lane, version, batch, money(amount), money(balance)]),
          )
          .join('')
    }
}
