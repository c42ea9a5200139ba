import type { Command, Currency, Reader, Tx } from '#base'
import { refusalOf } from './errors.ts'

/** A player's account in one currency. Amounts are minor units. */
export type Wallet = { wallet: bigint; player: string; currency: Currency }

export type Balance = { currency: Currency; cash: bigint; bonus: bigint; held: bigint; version: bigint }

/** What is owed to players in a currency, over all wallets. What players owe stands apart and is not set off. */
export type Liability = {
  currency: Currency
  cash: bigint
  bonus: bigint
  held: bigint
  /** Cash, bonus and held together. */
  owed: bigint
  debts: bigint
  wallets: bigint
}

/** Opens the player's wallet, or finds the one there is. */
export async function openWallet(
  tx: Tx,
  command: Command,
  { player, currency }: { player: string; currency: Currency },
): Promise<Wallet> {
  await tx`
    insert into ledger.wallets (player, currency, opened_at) values (${player}, ${currency}, ${command.now})
    on conflict (player, currency) do nothing`
  return (await walletOf(tx, player))!
}

export async function walletOf(reader: Reader, player: string): Promise<Wallet | undefined> {
  const [row] = await reader<Wallet[]>`select wallet, player, currency from ledger.wallets where player = ${player}`
  return row
}

/** Whose wallet it is. @throws Refusal `ledger.wallet_unknown` */
export async function ownerOf(reader: Reader, wallet: bigint): Promise<Wallet> {
  const [row] = await reader<Wallet[]>`select wallet, player, currency from ledger.wallets where wallet = ${wallet}`
  if (!row) throw refusalOf('wallet_unknown')
  return row
}

/** @throws Refusal `ledger.wallet_unknown` */
export async function balance(reader: Reader, wallet: bigint): Promise<Balance> {
  const [row] = await reader<Balance[]>`
    select currency, cash, bonus, held, version from ledger.wallets where wallet = ${wallet}`
  if (!row) throw refusalOf('wallet_unknown')
  return row
}

/**
 * Locks a wallet until the transaction ends. Whoever decides by something other than the balance (limits, exclusion)
 * locks first and reads after, so that two decisions cannot both pass.
 *
 * @throws Refusal `ledger.wallet_unknown`
 */
export async function lockWallet(tx: Tx, wallet: bigint): Promise<void> {
  const locked = await tx`select 1 from ledger.wallets where wallet = ${wallet} for no key update`
  if (locked.count === 0) throw refusalOf('wallet_unknown')
}

/** What is owed to players, per currency (the view `ledger.liability`), exact to any size. */
export async function liability(reader: Reader): Promise<Liability[]> {
  const rows = await reader<Array<Record<keyof Omit<Liability, 'currency'>, string> & { currency: Currency }>>`
    select currency, cash, bonus, held, owed, debts, wallets from ledger.liability order by currency`
  return rows.map(({ currency, ...sums }) => ({
    currency,
    cash: BigInt(sums.cash),
    bonus: BigInt(sums.bonus),
    held: BigInt(sums.held),
    owed: BigInt(sums.owed),
    debts: BigInt(sums.debts),
    wallets: BigInt(sums.wallets),
  }))
}
