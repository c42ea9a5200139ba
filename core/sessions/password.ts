import type { Reader, Tx } from '#base'
import type { KeyedCommand } from '#keys'
import * as messages from '#messages'
import { forgetCodes } from './code.ts'
import { setPassword } from './credential.ts'
import { endAll } from './session.ts'

/** Puts a new password in the place of the old one: every other session ends, with every code on its way, and the player hears of it. */
export async function changePassword(
  tx: Tx,
  command: KeyedCommand,
  change: { player: string; passwordHash: string; standsAlone: boolean; except?: string },
): Promise<void> {
  const { player, except } = change
  await setPassword(tx, command, change)
  await endAll(tx, command, player, except)
  await forgetCodes(tx, player)
  await messages.tell(tx, command, { to: player, template: 'password_changed', values: {} })
}

/** Has the player a password that is enough by itself? One that is too short for that needs its second factor. */
export async function standsAlone(reader: Reader, player: string): Promise<boolean> {
  const [row] = await reader<Array<{ alone: boolean }>>`
    select stands_alone as alone from sessions.credentials where player = ${player}`
  return row?.alone ?? false
}
