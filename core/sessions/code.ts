import { randomInt, timingSafeEqual } from 'node:crypto'
import type { Reader, Tx } from '#base'
import type { KeyedCommand } from '#keys'
import * as messages from '#messages'

const codeMinutes = 10
const attemptsMax = 5
const againSeconds = 60
/** Each may be tried a few times, so in a day there are no more than these; some are left for who has shown the password. */
const perDayMax = { anybody: 20, player: 30 }

/** Who wants a code sent: anybody who names an address, or the player, by a password or a session. */
export type Asking = keyof typeof perDayMax

/**
 * Sends a fresh code to the player's address, in place of the one before, unless one went a moment ago or too many went today; and not in the
 * place of one that is good still and that the player asked for, when anybody asks.
 */
export async function askCode(tx: Tx, command: KeyedCommand, player: string, asking: Asking): Promise<void> {
  const told = await messages.timesToldToday(tx, command, { to: player, template: 'sign_in_code' })
  if (told >= perDayMax[asking]) return
  const code = String(randomInt(0, 1_000_000)).padStart(6, '0')
  const epoch = await command.keys.active('hk-pepper')
  const mac = await macOf(command, epoch, player, code)
  const { now } = command
  const expires = new Date(now.getTime() + codeMinutes * 60_000)
  const made = await tx`
    insert into sessions.codes as c (player, asked_at, code_mac, epoch, expires_at, own)
    values (${player}, ${now}, ${mac}, ${epoch}, ${expires}, ${asking === 'player'})
    on conflict (player) do update
    set asked_at = excluded.asked_at, code_mac = excluded.code_mac, epoch = excluded.epoch, expires_at = excluded.expires_at,
      attempts = 0, own = excluded.own
    where c.asked_at <= ${new Date(now.getTime() - againSeconds * 1000)}
      and (excluded.own or not c.own or c.code_mac is null or c.expires_at <= ${now} or c.attempts >= ${attemptsMax})`
  if (made.count === 0) return
  const values = { code, minutes: String(codeMinutes) }
  await messages.tell(tx, command, { to: player, template: 'sign_in_code', values, before: expires })
}

/** Uses a code up. False when it does not fit; the attempt is counted, so the caller commits either way [S14]. */
export async function useCode(tx: Tx, command: KeyedCommand, player: string, code: string): Promise<boolean> {
  const [row] = await tx<Array<{ mac: Buffer; epoch: string }>>`
    update sessions.codes set attempts = attempts + 1
    where player = ${player} and code_mac is not null and expires_at > ${command.now} and attempts < ${attemptsMax}
    returning code_mac as mac, epoch`
  if (!row || !timingSafeEqual(await macOf(command, row.epoch, player, code), row.mac)) return false
  await tx`update sessions.codes set code_mac = null where player = ${player}`
  return true
}

/** Whatever went to an address of the player's so far is good no longer. */
export async function forgetCodes(tx: Tx, player: string): Promise<void> {
  await tx`delete from sessions.resets where player = ${player}`
  await tx`update sessions.codes set code_mac = null where player = ${player}`
}

/** How many codes that could still be given were made under this epoch of their key. */
export async function codesUnder(reader: Reader, epoch: string): Promise<number> {
  const [row] = await reader<Array<{ count: number }>>`
    select count(*)::int as count from sessions.codes where epoch = ${epoch} and code_mac is not null and expires_at > now()`
  return row?.count ?? 0
}

function macOf(command: KeyedCommand, epoch: string, player: string, code: string): Promise<Buffer> {
  return command.keys.mac(epoch, Buffer.from(`sign-in|${player}|${code}`))
}
