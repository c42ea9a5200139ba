import { hash } from 'node:crypto'
import { type Command, canonical, type Tx } from '#base'
import { moneyFrozen, refusalOf } from './errors.ts'
import { isLeaseLost } from './lease.ts'

export const pockets = ['cash', 'bonus', 'held'] as const
export type Pocket = (typeof pockets)[number]

export const houseAccounts = [
  'games.revenue',
  'bonus.cost',
  'jackpot.pools',
  'gateway.clearing',
  'gateway.fees',
  'studio.payables',
  'taxes',
  'adjustments',
  'player.shortfalls',
] as const
export type HouseAccount = (typeof houseAccounts)[number]

/** A pocket of the transfer's wallet, or an account of the house. */
export type Account = { pocket: Pocket } | { house: HouseAccount }

/** From, to, and how much in minor units, above zero. */
export type Leg = { from: Account; to: Account; amount: bigint }

export type Transfer = {
  wallet: bigint
  /** Unique within the wallet: `deposit:dep_…`. It does its work once for at least 120 days (`keyDaysMin`). */
  key: string
  /** What the statement calls it: `deposit`, `withdrawal.hold`, … */
  kind: string
  /** What it was for: the id of a deposit, a withdrawal, a round. */
  reference?: string
  legs: readonly Leg[]
  /** What must be the same on a repeat, where that is not all of the above. */
  payload?: unknown
}

export type Booked = { transfer: bigint; replayed: boolean; cash: bigint; bonus: bigint; held: bigint; version: bigint }

/**
 * Books one transfer in the caller's transaction: all legs or none, once per key.
 *
 * @throws Refusal `ledger.insufficient_funds`, `ledger.wallet_unknown`, `ledger.amount_invalid`, `base.key_reused`,
 * `ledger.reversed_before`, `ledger.frozen`
 */
export function transfer(tx: Tx, command: Command, order: Transfer): Promise<Booked> {
  return book(tx, command, order, { overdraft: false })
}

/** As `transfer`; with `overdraft` the cash may become a debt. Stays behind the door: only a reversal may do that. */
export async function book(
  tx: Tx,
  command: Command,
  order: Transfer,
  { overdraft }: { overdraft: boolean },
): Promise<Booked> {
  const lane = -1 - Number(order.wallet % 16n) // single transfers spread over sixteen house sub-accounts
  const sources = order.legs.map((leg) => nameOf(leg.from))
  const targets = order.legs.map((leg) => nameOf(leg.to))
  const amounts = order.legs.map((leg) => leg.amount.toString())
  const each = (value: string) => order.legs.map(() => value)
  const [row] = await tx<Array<Omit<Booked, 'replayed'> & { code: string }>>`
    select code, transfer, cash, bonus, held, version from ledger.post(
      ${lane}::smallint, '', ${command.now}, ${each('1')}::text[]::int[], ${each(order.wallet.toString())}::text[]::bigint[],
      ${each(order.key)}::text[], ${each(payloadHash(order.payload ?? order))}::text[]::uuid[], ${each(order.kind)}::text[],
      ${each(order.reference ?? '')}::text[], ${each('')}::text[], ${sources}::text[], ${targets}::text[], ${amounts}::text[]::bigint[], ${overdraft})`.catch(
    (error: unknown) => {
      throw isLeaseLost(error) ? moneyFrozen() : error // these lanes are nobody's but a freeze's
    },
  )
  const { code, ...booked } = row!
  const refusal = refusalOf(code)
  if (refusal) throw refusal
  return { ...booked, replayed: code === 'replayed' }
}

/** The first 128 bits of the SHA-256 of what must be the same on a repeat, in the form PostgreSQL keeps in 16 bytes. */
export function payloadHash(payload: unknown): string {
  return hash('sha256', canonical(payload), 'hex').slice(0, 32)
}

export function nameOf(account: Account): string {
  return 'pocket' in account ? account.pocket : account.house
}
