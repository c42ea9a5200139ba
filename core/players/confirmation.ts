import { randomInt, timingSafeEqual } from 'node:crypto'
import * as audit from '#audit'
import { isCurrency, type Reader, type Tx } from '#base'
import type { KeyedCommand } from '#keys'
import * as ledger from '#ledger'
import * as messages from '#messages'
import { playerAt } from './email-index.ts'
import { confirmationsPerDayMax } from './policy.ts'
import { countAsking, isNewNetwork } from './registration-limits.ts'

const minutes = 30
const attemptsMax = 5
const anotherMinutes = 1 // before another code is sent
/** May another code be sent to them today, to the address they registered with? */
export async function mayConfirm(tx: Tx, command: KeyedCommand, { player, email }: { player: string; email: string }) {
  const told = await messages.timesToldToday(tx, command, { to: player, template: 'confirm_email' })
  const { anybody, newNetwork } = confirmationsPerDayMax
  return told < anybody || (told < newNetwork && (await isNewNetwork(tx, command, { email })))
}

/** Makes a fresh confirmation code and sends it; the one before is worth nothing from now on. */
export async function sendConfirmation(tx: Tx, command: KeyedCommand, player: string): Promise<void> {
  const code = await newConfirmation(tx, command, player)
  if (code !== undefined)
    await messages.tell(tx, command, {
      to: player,
      template: 'confirm_email',
      values: { code, minutes: String(minutes) },
      before: new Date(command.now.getTime() + minutes * 60_000),
    })
}

/** Makes a fresh confirmation code, of which only a MAC is kept. Undefined when there is nothing to confirm. */
export async function newConfirmation(tx: Tx, command: KeyedCommand, player: string): Promise<string | undefined> {
  const [row] = await tx`select 1 from players.players where player = ${player} and status = 'pending_email' for update`
  if (!row) return undefined
  const code = String(randomInt(0, 1_000_000)).padStart(6, '0')
  const epoch = await command.keys.active('hk-pepper')
  const mac = await macOf(command, epoch, player, code)
  const expires = new Date(command.now.getTime() + minutes * 60_000)
  await tx`
    insert into players.confirmations (player, code_mac, epoch, expires_at) values (${player}, ${mac}, ${epoch}, ${expires})
    on conflict (player) do update
    set code_mac = excluded.code_mac, epoch = excluded.epoch, expires_at = excluded.expires_at, attempts = 0`
  return code
}

/**
 * Confirms the address by its code, from who showed the password of the registration too: the code alone says whose the address is,
 * not who registered it, and whoever did would get in. Opens the wallet. False when they do not fit together; the attempt is counted,
 * so the caller commits before saying no. Unknown addresses look the same.
 */
export async function confirmEmail(
  tx: Tx,
  command: KeyedCommand,
  input: {
    email: string
    code: string
    /** The player whose password was shown, if it was anybody's. */
    shownBy: string | undefined
  },
): Promise<boolean> {
  const player = await playerAt(tx, command.keys, input.email)
  const [row] = await tx<Array<{ player: string; currency: string; mac: Buffer; epoch: string; sound: boolean }>>`
    select p.player, p.currency, c.code_mac as mac, c.epoch,
      c.expires_at > ${command.now} and c.attempts < ${attemptsMax} as sound
    from players.players p join players.confirmations c using (player)
    where p.player = ${player ?? ''} and p.status = 'pending_email' for update`
  const mac = await macOf(command, row?.epoch ?? 'hk-pepper', row?.player ?? '', input.code)
  if (!row?.sound || row.player !== input.shownBy || !timingSafeEqual(mac, row.mac)) {
    await tx`update players.confirmations set attempts = attempts + 1 where player = ${row?.player ?? ''}`
    await audit.record(tx, command, { action: 'players.confirmation_refused', subject: row?.player ?? 'unknown' })
    return false
  }
  await tx`delete from players.confirmations where player = ${row.player}`
  await tx`update players.players set status = 'active' where player = ${row.player}`
  const { currency } = row
  if (isCurrency(currency)) await ledger.openWallet(tx, command, { player: row.player, currency })
  await audit.record(
    tx,
    { ...command, actor: { ...command.actor, id: row.player } },
    {
      action: 'players.email_confirmed',
      subject: row.player,
      ...audit.changed({ status: 'pending_email' }, { status: 'active' }),
    },
  )
  return true
}

/** Asks for another code, once a minute and some times a day, from one network and in all; answers alike for known and unknown addresses. */
export async function resendConfirmation(tx: Tx, command: KeyedCommand, { email }: { email: string }): Promise<void> {
  const player = await playerAt(tx, command.keys, email)
  const asksLittle = await countAsking(tx, command, { email })
  const made = new Date(command.now.getTime() + (minutes - anotherMinutes) * 60_000)
  const [row] = await tx<Array<{ player: string; recent: boolean }>>`
    select p.player, coalesce(c.expires_at > ${made}, false) as recent
    from players.players p left join players.confirmations c using (player)
    where p.player = ${player ?? ''} and p.status = 'pending_email' for update of p`
  if (row && !row.recent && asksLittle && (await mayConfirm(tx, command, { player: row.player, email })))
    await sendConfirmation(tx, command, row.player)
  await audit.record(tx, command, { action: 'players.confirmation_asked', subject: row?.player ?? 'unknown' })
}

/** How many codes that could still be given were made under this epoch of their key. */
export async function codesUnder(reader: Reader, epoch: string): Promise<number> {
  const [row] = await reader<Array<{ count: number }>>`
    select (select count(*) from players.confirmations where epoch = ${epoch} and expires_at > now())::int
      + (select count(*) from players.email_changes where epoch = ${epoch} and expires_at > now())::int as count`
  return row?.count ?? 0
}

function macOf(command: KeyedCommand, epoch: string, player: string, code: string): Promise<Buffer> {
  return command.keys.mac(epoch, Buffer.from(`confirmation|${player}|${code}`))
}
