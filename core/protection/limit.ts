import * as audit from '#audit'
import type { Command, Reader, Tx } from '#base'
import * as ledger from '#ledger'
import * as licences from '#licences'
import * as staff from '#staff'
import { depositLimitReached } from './errors.ts'

export const periods = { day: 1, week: 7, month: 30 } as const // days, rolling
export type Period = keyof typeof periods

/** What a player may deposit per period, in minor units; null is no limit. */
export type Limit = {
  period: Period
  amount: bigint | null
  nextAmount?: bigint | null
  nextFrom?: Date
  used: bigint
  /** What the house set beside it. */
  imposed: bigint | null
}

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

/**
 * Sets or lifts a limit of the house's, which stands beside the player's own and never loosens it [GLI-2.5.5b]. It takes two
 * members of staff, whose approval this asks for.
 *
 * @throws Refusal `staff.approval_absent`
 */
export async function imposeLimit(
  tx: Tx,
  command: Command,
  input: { player: string; wallet: bigint; period: Period; amount: bigint | null; approval: string; reason: string },
): Promise<void> {
  const { player, period, amount, approval, reason } = input
  const about = { player, period }
  await staff.requireApproval(tx, command, { proposal: approval, act: 'protection.impose_limit', about })
  await ledger.lockWallet(tx, input.wallet)
  const old = (await imposedOn(tx, player)).get(period) ?? null
  if (amount === null) await tx`delete from protection.imposed where player = ${player} and period = ${period}`
  else
    await tx`
      insert into protection.imposed (player, period, amount, approval, imposed_at)
      values (${player}, ${period}, ${amount}, ${approval}, ${command.now})
      on conflict (player, period) do update set
        amount = excluded.amount, approval = excluded.approval, imposed_at = excluded.imposed_at`
  await audit.record(tx, command, {
    action: 'protection.limit_imposed',
    subject: player,
    reason,
    detail: { period, approval },
    ...audit.changed({ amount: old }, { amount }),
  })
}

export async function limits(reader: Reader, player: string, now: Date): Promise<Limit[]> {
  const rows = await rowsOf(reader, player)
  const imposed = await imposedOn(reader, player)
  return await Promise.all(
    (Object.keys(periods) as Period[]).map(async (period) => {
      const row = rows.find((candidate) => candidate.period === period)
      const waiting = row?.next_from && row.next_from > now
      return {
        period,
        amount: row ? amountAt(row, now) : null,
        used: await usedIn(reader, player, period, now),
        imposed: imposed.get(period) ?? null,
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
  for (const { period, amount, imposed, used } of await limits(tx, input.player, command.now))
    for (const most of [amount, imposed])
      if (most !== null && used + input.amount + (input.underWay ?? 0n) > most) throw depositLimitReached(period)
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

async function imposedOn(reader: Reader, player: string): Promise<Map<Period, bigint>> {
  const rows = await reader<Array<{ period: Period; amount: bigint }>>`
    select period, amount from protection.imposed where player = ${player}`
  return new Map(rows.map(({ period, amount }) => [period, amount]))
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
