import { systemCommand, type Tx } from '#base'
import * as ledger from '#ledger'
import type { TestDatabase } from './database.ts'

/** Short words for booking, for tests that look at what was booked. */
export function bookkeeper(db: TestDatabase) {
  let keys = 0
  let players = 0
  const act = <T>(work: (tx: Tx) => Promise<T>) => db.sql.begin(work) as Promise<T>
  const at = (instant: Date | string = new Date()) => systemCommand('test', new Date(instant))
  return {
    act,
    at,
    async open(currency: ledger.Wallet['currency'] = 'EUR'): Promise<bigint> {
      const player = `plr_b${++players}`
      return (await act((tx) => ledger.openWallet(tx, at(), { player, currency }))).wallet
    },
    move(
      wallet: bigint,
      amount: bigint,
      order: { at?: Date | string; kind?: string; reference?: string; house?: ledger.HouseAccount } = {},
    ): Promise<ledger.Booked> {
      const house = { house: order.house ?? 'gateway.clearing' }
      const cash = { pocket: 'cash' as const }
      const leg = amount > 0n ? { from: house, to: cash, amount } : { from: cash, to: house, amount: -amount }
      return act((tx) =>
        ledger.transfer(tx, at(order.at), {
          wallet,
          key: `k${++keys}`,
          kind: order.kind ?? 'deposit',
          ...(order.reference ? { reference: order.reference } : {}),
          legs: [leg],
        }),
      )
    },
    /** Very many lines at once, a second apart, past `post`: for reading only, such books do not prove. */
    async fill(wallet: bigint, count: number, from: Date, secondsApart = 1): Promise<void> {
      await db.admin`
        insert into ledger.postings (wallet, version, transfer, amount, cash, bonus, held, at, batch, lane, source, target, kind, reference)
        select ${wallet}, n, n, 1, n, 0, 0, ${from}::timestamptz + make_interval(secs => n * ${secondsApart}::float8), n, 1, 'gateway.clearing', 'cash',
          case when n % 1000 = 0 then 'deposit' else 'round' end, 'ref_' || n
        from generate_series(1, ${count}::int) n`
      await db.admin`update ledger.wallets set cash = ${count}, version = ${count} where wallet = ${wallet}`
      await db.admin`analyze ledger.postings`
    },
  }
}
