import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import * as ledger from '#ledger'
import * as licences from '#licences'
import { depositLimitReached } from './errors.ts'

export const periods = { day: 1, week: 7, month: 30 } as const // days, rolling
export type Period = keyof typeof periods

/** What a player may deposit per period, in minor units; null is no limit. */
export type Limit = { period: Period; amount: bigint | null; nextAmount?: bigint | null; nextFrom?: Date; used: bigint }

type Row = { period: Period; amount: bigint | null; next_amount: bigint | null; next_from: Date | null }

/**
 * Sets a deposit limit. Tighter holds at once, looser after the licence's waiting time [GLI-A.3.7a] [MGA-RG-1]; a new
 * wish replaces one that is still waiting. Answers which of both it was.
 */
export async function setLimit(
  tx: Tx,
  command: Command,
  input: { player: string; wallet: bigint; period: Period; amount: bigint | null },
): Promise<{ looser: boolean }> {
  const { player, period, amount } = input
  await ledger.lockWallet(tx, input.wallet)
  const rules = await licences.rules(tx)
  const present = (await rowsOf(tx, player)).find((row) => row.period === period)
  const inForce = present ? amountAt(present, command.now) : null
  const looser = amount === null ? inForce !== null : inForce !== null && amount > inForce
  const from = new Date(command.now.getTime() + rules.limitLoosenHours * 3_600_000)
  await tx`
    insert into protection.limits (player, period, amount, next_amount, next_from, changed_at)
    values (${player}, ${period}, ${looser ? inForce : amount}, ${looser ? amount : null}, ${looser ? from : null}, ${command.now})
    on conflict (player, period) do update set
      amount = excluded.amount, next_amount = excluded.next_amount, next_from = excluded.next_from, changed_at = excluded.changed_at`
  await audit.record(tx, command, {
    action: looser ? 'protection.limit_loosening_asked' : 'protection.limit_set',
    subject: player,
    detail: { period, ...(looser ? { from } : {}) },
    ...audit.changed({ amount: inForce }, { amount }),
  })
  return { looser }
}

export async function limits(reader: Reader, player: string, now: Date): Promise<Limit[]> {
  const rows = await rowsOf(reader, player)
  return await Promise.all(
    (Object.keys(periods) as Period[]).map(async (period) => {
      const row = rows.find((candidate) => candidate.period === period)
      const waiting = row?.next_from && row.next_from > now
      return {
        period,
        amount: row ? amountAt(row, now) : null,
        used: await usedIn(reader, player, period, now),
        ...(waiting ? { nextAmount: row.next_amount, nextFrom: row.next_from as Date } : {}),
      }
    }),
  )
}

/**
 * Would this deposit, with what is still under way, stay within every limit? The most restrictive one decides
 * [GLI-2.5.5b]. Call it under the wallet's lock.
 *
 * @throws Refusal `protection.deposit_limit`
 */
export async function allowDeposit(
  tx: Tx,
  command: Command,
  input: { player: string; amount: bigint; underWay?: bigint },
): Promise<void> {
  for (const limit of await limits(tx, input.player, command.now))
    if (limit.amount !== null && limit.used + input.amount + (input.underWay ?? 0n) > limit.amount)
      throw depositLimitReached(limit.period)
}

/** Counts a deposit that was credited, once. */
export async function countDeposit(
  tx: Tx,
  command: Command,
  input: { player: string; deposit: string; amount: bigint },
): Promise<void> {
  await tx`
    insert into protection.deposits (player, deposit, amount, at)
    values (${input.player}, ${input.deposit}, ${input.amount}, ${command.now}) on conflict do nothing`
}

async function rowsOf(reader: Reader, player: string): Promise<Row[]> {
  return await reader<
    Row[]
  >`select period, amount, next_amount, next_from from protection.limits where player = ${player}`
}

function amountAt(row: Row, now: Date): bigint | null {
  return row.next_from !== null && row.next_from <= now ? row.next_amount : row.amount
}

async function usedIn(reader: Reader, player: string, period: Period, now: Date): Promise<bigint> {
  const since = new Date(now.getTime() - periods[period] * 86_400_000)
  const [row] = await reader<Array<{ used: bigint }>>`
    select coalesce(sum(amount), 0)::bigint as used from protection.deposits where player = ${player} and at > ${since}`
  return row?.used ?? 0n
}
