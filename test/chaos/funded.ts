import { systemCommand } from '#base'
import * as ledger from '#ledger'
import type { Sql } from '../../core/host/database.ts'

/** Opens wallets with some money in each; answers their numbers as a writer takes them. */
export async function openFundedWallets(sql: Sql, count: number, cash: bigint): Promise<string[]> {
  const command = systemCommand('chaos')
  const wallets: string[] = []
  for (let i = 0; i < count; i++)
    await sql.begin(async (tx) => {
      const { wallet } = await ledger.openWallet(tx, command, { player: `plr_chaos${i}`, currency: 'EUR' })
      await ledger.transfer(tx, command, {
        wallet,
        key: 'fund',
        kind: 'deposit',
        legs: [{ from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount: cash }],
      })
      wallets.push(String(wallet))
    })
  return wallets
}
