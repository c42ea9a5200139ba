import * as audit from '#audit'
import { type Command, newId, type Reader, type Refusal, type Tx } from '#base'
import * as ledger from '#ledger'
import * as licences from '#licences'
import { barred, breakLength, exclusionLength } from './errors.ts'

export type Bar = { kind: 'cool_off' | 'self_exclusion'; since: Date; until: Date }

/**
 * A break from play, from now on. Taken under the wallet's lock, so that from its commit no bet and no deposit gets
 * through [GLI-A.3.8b-1] [GLI-A.3.8b-2].
 */
export async function coolOff(
  tx: Tx,
  command: Command,
  input: { player: string; wallet: bigint; hours: number },
): Promise<Bar> {
  const rules = await licences.rules(tx)
  if (input.hours < rules.coolOffHoursMin || input.hours > rules.coolOffHoursMax)
    throw breakLength(rules.coolOffHoursMin, rules.coolOffHoursMax)
  return bar(tx, command, {
    ...input,
    kind: 'cool_off',
    until: new Date(command.now.getTime() + input.hours * 3_600_000),
  })
}

/** Self-exclusion for months; nothing here can lift it early. */
export async function exclude(
  tx: Tx,
  command: Command,
  input: { player: string; wallet: bigint; months: number },
): Promise<Bar> {
  const rules = await licences.rules(tx)
  if (input.months < rules.exclusionMonthsMin || input.months > 60) throw exclusionLength(rules.exclusionMonthsMin)
  const until = new Date(command.now)
  until.setUTCMonth(until.getUTCMonth() + input.months)
  return bar(tx, command, { ...input, kind: 'self_exclusion', until })
}

/** The bar in force that lasts longest. */
export async function barOf(reader: Reader, wallet: bigint, now: Date): Promise<Bar | undefined> {
  const [row] = await reader<Bar[]>`
    select kind, since, until from protection.bars
    where wallet = ${wallet} and since <= ${now} and until > ${now} order by until desc limit 1`
  return row
}

/**
 * May this player do this now? Withdrawing is always possible [GLI-A.3.8c]. Call it under the wallet's lock where money
 * moves.
 *
 * @throws Refusal `protection.cooling_off`, `protection.self_excluded`
 */
export async function admit(
  reader: Reader,
  command: Command,
  input: { wallet: bigint; act: 'deposit' | 'bet' | 'withdraw' },
): Promise<void> {
  if (input.act === 'withdraw') return
  const found = await barOf(reader, input.wallet, command.now)
  if (found) throw barred(found.kind, found.until)
}

/** The refusal for what `protection.barred` says of a wallet in the batch path. */
export function refusalOfBar(kind: string): Refusal {
  return barred(kind)
}

async function bar(
  tx: Tx,
  command: Command,
  wanted: { player: string; wallet: bigint; kind: Bar['kind']; until: Date },
): Promise<Bar> {
  await ledger.lockWallet(tx, wanted.wallet)
  await tx`
    insert into protection.bars (wallet, bar, player, kind, since, until)
    values (${wanted.wallet}, ${newId('bar', command.now.getTime())}, ${wanted.player}, ${wanted.kind}, ${command.now}, ${wanted.until})`
  await audit.record(tx, command, {
    action: `protection.${wanted.kind}`,
    subject: wanted.player,
    detail: { until: wanted.until.toISOString() },
  })
  return { kind: wanted.kind, since: command.now, until: wanted.until }
}
