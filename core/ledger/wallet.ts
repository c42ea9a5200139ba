import type { Command, Currency, Reader, Tx } from '#base'
import { refusalOf } from './errors.ts'

/** A player's account in one currency. Amounts are minor units. */
export type Wallet = { wallet: bigint; player: string; currency: Currency }

export type Balance = { currency: Currency; cash: bigint; bonus: bigint; held: bigint; version: bigint }

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
