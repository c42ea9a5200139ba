import type { Reader } from '#base'

/** One movement as the player sees it: which pocket changed by how much, and what was in all of them afterwards. */
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

/** Newest first; `before` is the version of the last line seen, so pages never shift. */
export async function statement(
  reader: Reader,
  wallet: bigint,
  page: { before?: bigint; limit: number; kinds?: readonly string[] },
): Promise<StatementLine[]> {
  return await reader<StatementLine[]>`
    select version, transfer, kind, reference, source, target, amount, cash, bonus, held, at
    from ledger.postings
    where wallet = ${wallet}
      ${page.before === undefined ? reader`` : reader`and version < ${page.before}`}
      ${page.kinds === undefined ? reader`` : reader`and kind in ${reader(page.kinds as string[])}`}
    order by version desc limit ${page.limit}`
}

/** The cash balance's last posting at or before an instant tells the balance then. */
export async function balanceAt(
  reader: Reader,
  wallet: bigint,
  at: Date,
): Promise<{ cash: bigint; bonus: bigint; held: bigint }> {
  const [row] = await reader<Array<{ cash: bigint; bonus: bigint; held: bigint }>>`
    select cash, bonus, held from ledger.postings
    where wallet = ${wallet} and at <= ${at} order by version desc limit 1`
  return row ?? { cash: 0n, bonus: 0n, held: 0n }
}

/** What postings of a kind came to since a version of the wallet: the net position of a sitting. */
export async function netSince(
  reader: Reader,
  wallet: bigint,
  since: { kind: string; version: bigint },
): Promise<bigint> {
  const [row] = await reader<Array<{ net: bigint }>>`
    select coalesce(sum(case when target in ('cash', 'bonus') then amount else -amount end), 0)::bigint as net
    from ledger.postings where wallet = ${wallet} and version > ${since.version} and kind = ${since.kind}`
  return row?.net ?? 0n
}
