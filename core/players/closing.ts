import * as audit from '#audit'
import type { Tx } from '#base'
import type { KeyedCommand } from '#keys'
import * as ledger from '#ledger'
import * as messages from '#messages'
import { moneyLeft, playerUnknown, statusForbids } from './errors.ts'
import type { Status } from './player.ts'

/**
 * Closes an account, for a reason that is written down; the player is told. Nobody signs in to it any more, so its money goes first. Staff
 * may reinstate it as long as nothing of it was erased.
 *
 * @throws Refusal `players.money_left`, `players.status_forbids`, `players.unknown`
 */
export async function close(
  tx: Tx,
  command: KeyedCommand,
  { player, reason }: { player: string; reason: string },
): Promise<void> {
  const [row] = await tx<Array<{ status: Status }>>`
    select status from players.players where player = ${player} for update`
  if (!row) throw playerUnknown()
  if (row.status === 'closed' || row.status === 'pending_email') throw statusForbids(row.status)
  if (await hasMoney(tx, player)) throw moneyLeft()
  await tx`update players.players set status = 'closed', closed_at = ${command.now} where player = ${player}`
  await messages.tell(tx, command, { to: player, template: 'account_closed', values: {} })
  await audit.record(tx, command, {
    action: 'players.closed',
    subject: player,
    reason,
    ...audit.changed({ status: row.status }, { status: 'closed' }),
  })
}

/** Is anything theirs with us, set aside or not? In a transaction it stays so, one way or the other, until that ends. */
export async function hasMoney(tx: Tx, player: string): Promise<boolean> {
  const wallet = await ledger.walletOf(tx, player)
  if (!wallet) return false
  await ledger.lockWallet(tx, wallet.wallet)
  const { cash, bonus, held } = await ledger.balance(tx, wallet.wallet)
  return [cash, bonus, held].some((amount) => amount !== 0n)
}

/** Takes the address of who is erased from the index: it is anybody's from now on. */
export async function forgetAddress(tx: Tx, player: string): Promise<void> {
  await tx`delete from players.email_indexes where player = ${player}`
  await tx`delete from players.email_changes where player = ${player}`
  await tx`delete from players.confirmations where player = ${player}`
}
