import * as audit from '#audit'
import type { Reader, Tx } from '#base'
import type { KeyedCommand } from '#keys'
import * as messages from '#messages'
import { erasureNotAsked } from './errors.ts'

export type ErasureRequest = { player: string; askedAt: Date }

/**
 * A player asks to be erased (GDPR Art. 17). People answer, within a month (Art. 12(3)): what laws on money and gambling have us keep
 * is kept until its time is over (Art. 17(3)(b)). To ask again while it waits changes nothing. Answers since when it waits.
 */
export async function askErasure(tx: Tx, command: KeyedCommand, { player }: { player: string }): Promise<Date> {
  const made = await tx`
    insert into players.erasure_requests (player, asked_at) values (${player}, ${command.now}) on conflict do nothing`
  if (made.count > 0) {
    await messages.tell(tx, command, { to: player, template: 'erasure_asked', values: {} })
    await audit.record(tx, command, { action: 'players.erasure_asked', subject: player })
  }
  return (await erasureAskedAt(tx, player)) ?? command.now
}

/** Since when a player waits to be erased; undefined for who did not ask. */
export async function erasureAskedAt(reader: Reader, player: string): Promise<Date | undefined> {
  const [row] = await reader<Array<{ at: Date }>>`
    select asked_at as at from players.erasure_requests where player = ${player}`
  return row?.at
}

/** Requests that wait for an answer, the oldest first. */
export async function erasuresAsked(reader: Reader): Promise<ErasureRequest[]> {
  return await reader<ErasureRequest[]>`
    select player, asked_at as "askedAt" from players.erasure_requests order by asked_at limit 500`
}

/** Staff answered the player, for a reason that is written down. @throws Refusal `players.erasure_not_asked` */
export async function answerErasure(
  tx: Tx,
  command: KeyedCommand,
  { player, reason }: { player: string; reason: string },
): Promise<void> {
  const answered = await tx`delete from players.erasure_requests where player = ${player}`
  if (answered.count === 0) throw erasureNotAsked()
  await audit.record(tx, command, { action: 'players.erasure_answered', subject: player, reason })
}
