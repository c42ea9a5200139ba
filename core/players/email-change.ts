import { randomInt, timingSafeEqual } from 'node:crypto'
import * as audit from '#audit'
import type { Refusal, Tx } from '#base'
import { type KeyedCommand, normaliseEmail, open, seal } from '#keys'
import * as messages from '#messages'
import { changeAddress, playerAt } from './email-index.ts'
import { codeWrong, emailSame, emailTooOften } from './errors.ts'
import { profile } from './player.ts'
import { giveWay, isUnconfirmed } from './unconfirmed.ts'

const codeMinutes = 30
const attemptsMax = 5
const againSeconds = 60
const perDayMax = 20 // of a code that may be tried five times, to an address that need not be theirs

/**
 * A player wants another address. A code goes to it, and the old one is told. When it is somebody else's, that owner is told instead,
 * and the player sees no difference; a registration that nobody confirmed makes it nobody's.
 *
 * @throws Refusal `keys.email_malformed`, `players.email_same`, `players.email_too_often`
 */
export async function askEmailChange(
  tx: Tx,
  command: KeyedCommand,
  { player, email }: { player: string; email: string },
): Promise<void> {
  const { keys, now } = command
  const address = normaliseEmail(email)
  const owner = await playerAt(tx, keys, address)
  if (owner === player) throw emailSame()
  const told = await messages.timesToldToday(tx, command, { to: player, template: 'email_change_asked' })
  if (told >= perDayMax) throw emailTooOften(6 * 3600)
  const code = String(randomInt(0, 1_000_000)).padStart(6, '0')
  const epoch = await keys.active('hk-pepper')
  const mac = await macOf(command, epoch, player, code)
  const sealed = await seal(tx, command, { ...placeOf(player), plaintext: address })
  const expires = new Date(now.getTime() + codeMinutes * 60_000)
  const made = await tx`
    insert into players.email_changes as c (player, email, code_mac, epoch, asked_at, expires_at)
    values (${player}, ${sealed}, ${mac}, ${epoch}, ${now}, ${expires})
    on conflict (player) do update set email = excluded.email, code_mac = excluded.code_mac, epoch = excluded.epoch,
      asked_at = excluded.asked_at, expires_at = excluded.expires_at, attempts = 0
    where c.asked_at <= ${new Date(now.getTime() - againSeconds * 1000)}`
  if (made.count === 0) throw emailTooOften(againSeconds)
  await messages.tell(tx, command, { to: player, template: 'email_change_asked', values: {} })
  if (owner && !(await isUnconfirmed(tx, owner)))
    await messages.tell(tx, command, { to: owner, template: 'already_registered', values: {}, quietMinutes: 60 })
  else
    await messages.tell(tx, command, {
      to: player,
      template: 'email_change',
      values: { code, minutes: String(codeMinutes) },
      address,
      before: expires,
    })
  await audit.record(tx, command, { action: 'players.email_change_asked', subject: player })
}

/**
 * The code came: the address is the player's from now on, and the old one is told so; a registration of it that nobody confirmed gives way,
 * and is answered, so that the caller forgets the rest of it. A code that does not fit is counted, so it is answered and not thrown.
 *
 * @throws Refusal `players.code_wrong` when somebody else took the address meanwhile
 */
export async function confirmEmailChange(
  tx: Tx,
  command: KeyedCommand,
  { player, code }: { player: string; code: string },
): Promise<{ refusal: Refusal } | { changed: true; forgotten?: string }> {
  const [row] = await tx<Array<{ email: Buffer; mac: Buffer; epoch: string }>>`
    update players.email_changes set attempts = attempts + 1
    where player = ${player} and expires_at > ${command.now} and attempts < ${attemptsMax}
    returning email, code_mac as mac, epoch`
  if (!row || !timingSafeEqual(await macOf(command, row.epoch, player, code), row.mac)) {
    await audit.record(tx, command, { action: 'players.confirmation_refused', subject: player })
    return { refusal: codeWrong() }
  }
  await tx`delete from players.email_changes where player = ${player}`
  const before = (await profile(tx, command.keys, player)).email
  const after = (await open(tx, command.keys, { ...placeOf(player), envelope: row.email })).toString()
  const owner = await playerAt(tx, command.keys, after)
  const forgotten = owner && (await giveWay(tx, command, owner)) ? owner : undefined
  if (!(await changeAddress(tx, command, { player, email: after }))) throw codeWrong()
  const place = { player, purpose: 'contact' as const, table: 'players.players', column: 'email', row: player }
  const sealed = await seal(tx, command, { ...place, plaintext: after })
  await tx`update players.players set email = ${sealed} where player = ${player}`
  await messages.addressChanged(tx, command, { holder: player, channel: 'email' })
  await messages.tell(tx, command, { to: player, template: 'email_changed', values: {}, address: before })
  await audit.record(tx, command, {
    action: 'players.profile_changed',
    subject: player,
    detail: { fields: ['email'] },
    personal: { before: { email: before }, after: { email: after } },
  })
  return { changed: true, ...(forgotten ? { forgotten } : {}) }
}

function placeOf(player: string) {
  return { player, purpose: 'contact' as const, table: 'players.email_changes', column: 'email', row: player }
}

function macOf(command: KeyedCommand, epoch: string, player: string, code: string): Promise<Buffer> {
  return command.keys.mac(epoch, Buffer.from(`email-change|${player}|${code}`))
}
