import * as audit from '#audit'
import type { Tx } from '#base'
import { type KeyedCommand, seal } from '#keys'
import * as messages from '#messages'
import { profile } from './player.ts'
import type { Address } from './registration.ts'

/**
 * A player moved. Name and date of birth are not theirs to change: they are what identity, age and the cards that may be paid out to are
 * held against [GLI-2.5.6d].
 */
export async function changeResidence(
  tx: Tx,
  command: KeyedCommand,
  { player, address }: { player: string; address: Address },
): Promise<void> {
  await tx`select from players.players where player = ${player} for update`
  const { name, dateOfBirth, address: before } = await profile(tx, command.keys, player)
  const place = { player, purpose: 'identity' as const, table: 'players.players', column: 'profile', row: player }
  const sealed = await seal(tx, command, { ...place, plaintext: JSON.stringify({ name, dateOfBirth, address }) })
  await tx`update players.players set profile = ${sealed} where player = ${player}`
  await messages.tell(tx, command, { to: player, template: 'residence_changed', values: {} })
  await audit.record(tx, command, {
    action: 'players.profile_changed',
    subject: player,
    detail: { fields: ['address'] },
    personal: { before: { address: before }, after: { address } },
  })
}
