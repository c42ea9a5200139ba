import type { Lane, Reader, Tx } from '#base'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import type { Sql } from '../../core/host/database.ts'

/** By which way an order goes to the books: through a lane in a batch, or in a transaction of its own. */
export type Way = 'lane' | 'single' | 'hold' | 'capture' | 'release' | 'reversal'

/**
 * What a writer asks, in a form that fits on a line of its journal. `lane` and `single` are bets with a stake and a win; the
 * three of a hold share its name; a reversal takes back the key `of`.
 */
export type Order = { way: Way; wallet: string; key: string; stake: string; win?: string; hold?: string; of?: string }

/** What was acknowledged: the transfer and the wallet after it, to be the same on every repeat, byte for byte. */
export type Receipt = { transfer: string; cash: string; bonus: string; held: string; version: string }

export type Counter = { lane: Lane<ledger.Transfer, ledger.PostResult>; sql: Sql }

/** Asks the books. @throws Refusal */
export async function ask({ lane, sql }: Counter, order: Order): Promise<Receipt> {
  if (order.way !== 'lane') return receiptOf(await sql.begin((tx) => askAlone(tx, order)))
  const result = await lane.submit(BigInt(order.wallet), betOf(order))
  const refusal = ledger.refusalOf(result.code)
  if (refusal) throw refusal
  return receiptOf(result)
}

async function askAlone(tx: Tx, order: Order): Promise<ledger.Booked> {
  const command = systemCommand('chaos')
  const wallet = BigInt(order.wallet)
  const part = { wallet, hold: order.hold ?? '', key: order.key, amount: BigInt(order.stake), kind: order.way }
  switch (order.way) {
    case 'hold':
      return ledger.hold(tx, command, part)
    case 'capture':
      return ledger.capture(tx, command, { ...part, to: 'gateway.clearing' })
    case 'release':
      return ledger.release(tx, command, part)
    case 'reversal': {
      const { booked } = await ledger.reverse(tx, command, {
        wallet,
        key: order.of!,
        kind: 'reversal',
        shortfall: 'debt',
      })
      return booked ?? { transfer: 0n, cash: 0n, bonus: 0n, held: 0n, version: 0n, replayed: false }
    }
    default:
      return ledger.transfer(tx, command, betOf(order))
  }
}

function betOf({ wallet, key, stake, win }: Order): ledger.Transfer {
  const cash = { pocket: 'cash' as const }
  const revenue = { house: 'games.revenue' as const }
  return {
    wallet: BigInt(wallet),
    key,
    kind: 'round',
    legs: [
      { from: cash, to: revenue, amount: BigInt(stake) },
      ...(win ? [{ from: revenue, to: cash, amount: BigInt(win) }] : []),
    ],
  }
}

function receiptOf({ transfer, cash, bonus, held, version }: ledger.Booked | ledger.PostResult): Receipt {
  return { transfer: `${transfer}`, cash: `${cash}`, bonus: `${bonus}`, held: `${held}`, version: `${version}` }
}

/** What an order that is booked changed, told from the order alone. */
export function changeBy({ way, stake, win }: Order): { cash: bigint; held: bigint } {
  const amount = BigInt(stake)
  if (way === 'hold') return { cash: -amount, held: amount }
  if (way === 'capture') return { cash: 0n, held: -amount }
  if (way === 'release') return { cash: amount, held: -amount }
  return { cash: BigInt(win ?? 0) - amount, held: 0n }
}

/** The keys of a wallet's transfers as they stand in the books. */
export async function keysIn(reader: Reader, like: string): Promise<Map<string, Receipt>> {
  const rows = await reader<Array<Receipt & { wallet: string; key: string }>>`
    select wallet::text, key, transfer::text, cash::text, bonus::text, held::text, version::text
    from ledger.transfers where key like ${like}`
  return new Map(rows.map(({ wallet, key, ...receipt }) => [`${wallet} ${key}`, receipt]))
}
