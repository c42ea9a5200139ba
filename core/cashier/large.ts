import * as audit from '#audit'
import { type Command, type Currency, readMoney, type Tx } from '#base'
import * as licences from '#licences'

const hours = 24

/**
 * Writes down an amount in or out that the licence calls large, by itself or with what went the same way in the last 24 hours
 * [GLI-2.8.8n-iv]. Call it after the state of the payment says that it is done.
 */
export async function noteLarge(
  tx: Tx,
  command: Command,
  moved: { player: string; subject: string; amount: bigint; currency: Currency; direction: 'in' | 'out' },
): Promise<void> {
  const { player, subject, amount, currency, direction } = moved
  const bounds = (await licences.rules(tx)).significant[currency]
  if (!bounds) return
  const least = (text: string) => readMoney({ amount: text, currency }).amount
  const aggregate = await sumOf(tx, command, moved)
  const isLarge = amount >= least(bounds.transaction)
  // Only the one that goes over the bound tells of the sum; those after it are told by themselves or not at all.
  const bound = least(bounds.transactionsPerDay)
  const goesOver = aggregate >= bound && aggregate - amount < bound
  if (!isLarge && !goesOver) return
  await audit.record(tx, command, {
    action: 'cashier.large_transaction',
    subject,
    player,
    detail: { player, amount, currency, direction, ...(goesOver ? { aggregate, hours } : {}) },
  })
}

async function sumOf(
  tx: Tx,
  command: Command,
  { player, currency, direction }: { player: string; currency: Currency; direction: 'in' | 'out' },
): Promise<bigint> {
  const since = new Date(command.now.getTime() - hours * 3_600_000)
  const [row] =
    direction === 'in'
      ? await tx<Array<{ amount: bigint }>>`
          select coalesce(sum(amount), 0)::bigint as amount from cashier.deposits
          where player = ${player} and currency = ${currency} and state in ('credited', 'held') and settled_at > ${since}`
      : await tx<Array<{ amount: bigint }>>`
          select coalesce(sum(amount), 0)::bigint as amount from cashier.withdrawals
          where player = ${player} and currency = ${currency} and state = 'paid' and settled_at > ${since}`
  return row?.amount ?? 0n
}
