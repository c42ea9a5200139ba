import type { Command, Reader, Tx } from '#base'
import type { Keys } from './client.ts'
import { shredded } from './errors.ts'

export type KeyedCommand = Command & { readonly keys: Keys }

export type Dek = { version: number; bytes: Buffer }

type DekRow = { version: number; kek: string; wrapped: Buffer; binding: Buffer }

const currentKek = 'kek-pii-1'
const openedMax = 10_000

/** Opened keys of this process, newest last; bounded, and gone with the process. */
const opened = new Map<string, Buffer>()

/** The newest data key of a player and purpose; made when there is none. */
export async function currentDek(tx: Tx, command: KeyedCommand, player: string, purpose: string): Promise<Dek> {
  const existing = await newestRow(tx, player, purpose)
  if (existing) return { version: existing.version, bytes: await openRow(command.keys, player, purpose, existing) }
  const context = contextOf(player, purpose, 1)
  const { wrapped, binding } = await command.keys.newDek(currentKek, context)
  await tx`
    insert into keys.deks (player, purpose, version, kek, wrapped, binding, created_at)
    values (${player}, ${purpose}, 1, ${currentKek}, ${wrapped}, ${binding}, ${command.now})
    on conflict do nothing`
  const row = (await newestRow(tx, player, purpose))!
  return { version: row.version, bytes: await openRow(command.keys, player, purpose, row) }
}

/** The data key an envelope names. @throws Refusal `keys.shredded` when it was destroyed */
export async function namedDek(
  reader: Reader,
  keys: Keys,
  player: string,
  purpose: string,
  version: number,
): Promise<Buffer> {
  const [row] = await reader<DekRow[]>`
    select version, kek, wrapped, binding from keys.deks
    where player = ${player} and purpose = ${purpose} and version = ${version}`
  if (!row) throw shredded()
  return openRow(keys, player, purpose, row)
}

/**
 * Destroys a player's data keys, of one purpose or all. What they sealed cannot be read again, here; old backups are
 * a matter of rotation (see the room's README).
 */
export async function shred(tx: Tx, player: string, purpose?: string): Promise<number> {
  const gone = await tx<Array<{ purpose: string; version: number }>>`
    delete from keys.deks where player = ${player} ${purpose === undefined ? tx`` : tx`and purpose = ${purpose}`}
    returning purpose, version`
  for (const row of gone) opened.delete(nameOf(player, row.purpose, row.version))
  return gone.length
}

async function newestRow(reader: Reader, player: string, purpose: string): Promise<DekRow | undefined> {
  const [row] = await reader<DekRow[]>`
    select version, kek, wrapped, binding from keys.deks
    where player = ${player} and purpose = ${purpose} order by version desc limit 1`
  return row
}

async function openRow(keys: Keys, player: string, purpose: string, row: DekRow): Promise<Buffer> {
  const name = `${nameOf(player, purpose, row.version)}|${row.binding.toString('base64')}`
  const known = opened.get(name)
  if (known) return known
  const bytes = await keys.openDek(row.kek, contextOf(player, purpose, row.version), row.wrapped, row.binding)
  if (opened.size >= openedMax) opened.delete(opened.keys().next().value!)
  opened.set(name, bytes)
  return bytes
}

function nameOf(player: string, purpose: string, version: number): string {
  return `${player}|${purpose}|${version}`
}

function contextOf(player: string, purpose: string, version: number): Buffer {
  return Buffer.from(JSON.stringify([player, purpose, version]))
}
