import * as audit from '#audit'
import { canonical, type Reader, type Tx } from '#base'
import * as factors from '#factors'
import { type KeyedCommand, type Purpose, purposes, shred } from '#keys'
import * as ledger from '#ledger'
import * as licences from '#licences'
import * as messages from '#messages'
import * as players from '#players'
import * as protection from '#protection'
import * as sessions from '#sessions'
import { decidedAlready, moneyLeft, notClosed, outlookChanged } from './errors.ts'
import { type Kept, keptOf } from './retention.ts'

/** What an erasure would do at this moment: which purposes go, and what is kept, until when and why. */
export type Outlook = { erases: Purpose[]; keeps: Kept[] }

/** What two members of staff agree on: the outlook as it was shown, days in UTC (yyyy-mm-dd). */
export type Agreed = { player: string; erases: string[]; keeps: Array<{ purpose: string; until: string }> }

export type Decided = { decidedAt: Date; doneAt: Date | null; keeps: Kept[] }

/** The answer to who asked has to arrive before the address goes that it is sent to; mail is tried for four days. */
const answerDays = 7

/** @throws Refusal `privacy.not_closed`, `privacy.decided_already`, `players.unknown` */
export async function outlook(reader: Reader, { player, now }: { player: string; now: Date }): Promise<Outlook> {
  if (await decided(reader, player)) throw decidedAlready()
  const found = await players.findPlayer(reader, player)
  if (!found) throw players.playerUnknown()
  if (found.status !== 'closed' || found.closedAt === null) throw notClosed()
  const { retention } = await licences.rules(reader)
  const wallet = await ledger.walletOf(reader, player)
  const bar = wallet && (await protection.barOf(reader, wallet.wallet, now))
  const keeps = keptOf(retention, { closedAt: found.closedAt, excludedUntil: bar?.until, now })
  return { erases: purposes.filter((purpose) => keeps.every((kept) => kept.purpose !== purpose)), keeps }
}

/** An outlook as it is agreed on. */
export function agreedOn(player: string, { erases, keeps }: Outlook): Agreed {
  return { player, erases, keeps: keeps.map(({ purpose, until }) => ({ purpose, until: dayOf(until) })) }
}

/**
 * Erases a closed account, as two members of staff agreed (GDPR Art. 17): destroys the keys of everything that nothing has us keep, tells
 * the player what is kept, until when and why, and keeps that until its time is over (`eraseDue`).
 *
 * @throws Refusal `privacy.not_closed`, `privacy.money_left`, `privacy.decided_already`, `privacy.outlook_changed`, `players.unknown`
 */
export async function erase(
  tx: Tx,
  command: KeyedCommand,
  { agreed, proposal, reason }: { agreed: Agreed; proposal: string; reason: string },
): Promise<void> {
  const { player } = agreed
  const { now } = command
  const found = await outlook(tx, { player, now })
  if (canonical(agreedOn(player, found)) !== canonical(agreed)) throw outlookChanged()
  if (await players.hasMoney(tx, player)) throw moneyLeft()
  await tx`insert into privacy.erasures (player, decided_at, proposal) values (${player}, ${now}, ${proposal})`
  const keeps = found.erases.includes('contact') ? [...found.keeps, answering(now)] : found.keeps
  for (const { purpose, until, why } of keeps)
    await tx`insert into privacy.kept (player, purpose, until, why) values (${player}, ${purpose}, ${until}, ${why})`
  const kept = agreed.keeps.map(({ purpose, until }) => `${purpose} ${until}`)
  await messages.tell(tx, command, { to: player, template: 'erasure_decided', values: { kept: kept.join(', ') } })
  if (await players.erasureAskedAt(tx, player)) await players.answerErasure(tx, command, { player, reason })
  const gone = found.erases.filter((purpose) => purpose !== 'contact')
  const keys = await destroy(tx, command, { player, gone, reason })
  await audit.record(tx, command, {
    action: 'players.erased',
    subject: player,
    reason,
    detail: { purposes: gone, keys, kept, proposal },
  })
}

/** Erases what was kept of the erased and whose time is over, of some players at a time. Answers of how many. */
export async function eraseDue(tx: Tx, command: KeyedCommand, limit: number): Promise<number> {
  const due = await tx<Array<{ player: string }>>`
    select player from privacy.erasures e
    where exists (select from privacy.kept k where k.player = e.player and k.until <= ${command.now})
    order by player limit ${limit} for update skip locked`
  for (const { player } of due) await eraseDueOf(tx, command, player)
  return due.length
}

/** What was decided for a player, and what is kept of them still. */
export async function decided(reader: Reader, player: string): Promise<Decided | undefined> {
  const [row] = await reader<Array<{ decidedAt: Date; doneAt: Date | null }>>`
    select decided_at as "decidedAt", done_at as "doneAt" from privacy.erasures where player = ${player}`
  if (!row) return undefined
  const keeps = await reader<Kept[]>`
    select purpose, until, why from privacy.kept where player = ${player} order by until, purpose`
  return { ...row, keeps }
}

async function eraseDueOf(tx: Tx, command: KeyedCommand, player: string): Promise<void> {
  const rows = await tx<Array<{ purpose: Purpose }>>`
    delete from privacy.kept where player = ${player} and until <= ${command.now} returning purpose`
  const gone = rows.map(({ purpose }) => purpose)
  const [left] = await tx`select from privacy.kept where player = ${player} limit 1`
  const reason = 'the time for which it was kept is over'
  let keys = await destroy(tx, command, { player, gone, reason })
  if (!left) {
    keys += await shred(tx, player) // for good: nothing is sealed for them any more, whatever comes
    await tx`update privacy.erasures set done_at = ${command.now} where player = ${player}`
  }
  await audit.record(tx, command, {
    action: 'players.erased',
    subject: player,
    reason,
    detail: { purposes: gone, keys },
  })
}

/** Destroys the keys of these purposes, and takes away what is kept of them without a key. Answers how many keys went. */
async function destroy(
  tx: Tx,
  command: KeyedCommand,
  { player, gone, reason }: { player: string; gone: readonly Purpose[]; reason: string },
): Promise<number> {
  if (gone.includes('credentials')) {
    await sessions.forget(tx, player)
    await factors.forget(tx, command, { holder: player, reason })
  }
  if (gone.includes('contact')) await players.forgetAddress(tx, player)
  let keys = 0
  for (const purpose of gone) keys += await shred(tx, player, purpose)
  return keys
}

function answering(now: Date): Kept {
  const until = new Date(now.getTime() + answerDays * 86_400_000)
  return { purpose: 'contact', until, why: 'The answer to who asked is sent there.' }
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10)
}
