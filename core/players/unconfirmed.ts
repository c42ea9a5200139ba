import * as audit from '#audit'
import type { Reader, Tx } from '#base'
import { type KeyedCommand, shred } from '#keys'
import * as licences from '#licences'
import { forgetAddress } from './closing.ts'

/**
 * Forgets registrations that nobody confirmed in the licence's time, of some players at a time: their address is free, and nothing that was
 * typed can be read again. Answers whose they were, so that the caller forgets the rest.
 */
export async function forgetUnconfirmed(tx: Tx, command: KeyedCommand, limit: number): Promise<string[]> {
  const { registrationHoursMax } = await licences.rules(tx)
  const before = new Date(command.now.getTime() - registrationHoursMax * 3_600_000)
  const rows = await tx<Array<{ player: string }>>`
    select player from players.players where status = 'pending_email' and registered_at <= ${before}
    order by player limit ${limit} for update skip locked`
  const players = rows.map(({ player }) => player)
  for (const player of players) await forgetRegistration(tx, command, player)
  return players
}

/** Does it wait for its code still? */
export async function isUnconfirmed(reader: Reader, player: string): Promise<boolean> {
  const [row] = await reader`select from players.players where player = ${player} and status = 'pending_email'`
  return row !== undefined
}

/** Gives up a registration for who has shown that the address is theirs. False when it was confirmed, or there was none. */
export async function giveWay(tx: Tx, command: KeyedCommand, player: string): Promise<boolean> {
  const [row] = await tx`
    select from players.players where player = ${player} and status = 'pending_email' for update`
  if (!row) return false
  await forgetRegistration(tx, command, player)
  return true
}

async function forgetRegistration(tx: Tx, command: KeyedCommand, player: string): Promise<void> {
  await audit.record(tx, command, { action: 'players.registration_forgotten', subject: player })
  await forgetAddress(tx, player)
  await tx`delete from players.players where player = ${player}`
  await shred(tx, player)
}
