import { createHash } from 'node:crypto'
import * as audit from '#audit'
import { newId, type Reader, type Tx } from '#base'
import { type KeyedCommand, type Keys, open, openIfKept, seal } from '#keys'
import { instrumentUnknown } from './errors.ts'

/** A card the player paid with, as the player may see it. */
export type Instrument = {
  id: string
  gateway: string
  brand: string
  last4: string
  expiry: string
  savedAt: Date
}

type Details = { token: string; last4: string; expiry: string; holder: string }
type Row = { id: string; player: string; gateway: string; brand: string; details: Buffer; savedAt: Date }

/** Keeps a card by the gateway's token, sealed; the same card is kept once per player. */
export async function saveInstrument(
  tx: Tx,
  command: KeyedCommand,
  input: { player: string; gateway: string; brand: string } & Details,
): Promise<string> {
  const { player, gateway, brand, ...details } = input
  const hash = createHash('sha256').update(details.token).digest() // a token is random, so its digest tells nothing
  const id = newId('ins', command.now.getTime())
  const envelope = await seal(tx, command, { ...placeOf(player, id), plaintext: JSON.stringify(details) })
  await tx`
    insert into cashier.instruments (id, player, gateway, brand, token_hash, details, saved_at)
    values (${id}, ${player}, ${gateway}, ${brand}, ${hash}, ${envelope}, ${command.now})
    on conflict (player, gateway, token_hash) do nothing`
  const [row] = await tx<Array<{ id: string }>>`
    select id from cashier.instruments where player = ${player} and gateway = ${gateway} and token_hash = ${hash}`
  return row!.id
}

/** The player's own cards, newest first. */
export async function instruments(reader: Reader, keys: Keys, player: string): Promise<Instrument[]> {
  const rows = await reader<Row[]>`
    select id, player, gateway, brand, details, saved_at as "savedAt" from cashier.instruments
    where player = ${player} order by id desc limit 50`
  return await Promise.all(
    rows.map(async ({ id, gateway, brand, savedAt, ...row }) => {
      const { last4, expiry } = await detailsOf(reader, keys, { id, ...row })
      return { id, gateway, brand, last4, expiry, savedAt }
    }),
  )
}

/**
 * A card as staff see it: what names it and whom it is of is masked, or in full for a stated reason; either is written down. Of who was
 * erased all of it stays masked.
 */
export async function inspectInstruments(
  tx: Tx,
  command: KeyedCommand,
  { player, unmaskFor }: { player: string; unmaskFor?: string | undefined },
): Promise<Array<Instrument & { holder: string }>> {
  const rows = await tx<Row[]>`
    select id, player, gateway, brand, details, saved_at as "savedAt" from cashier.instruments
    where player = ${player} order by id desc limit 50`
  await audit.record(tx, command, {
    action: unmaskFor === undefined ? 'cashier.instruments_viewed_masked' : 'cashier.instruments_viewed_in_full',
    subject: player,
    ...(unmaskFor === undefined ? {} : { reason: unmaskFor }),
  })
  return await Promise.all(
    rows.map(async ({ id, gateway, brand, savedAt, ...row }) => {
      const kept =
        unmaskFor && (await openIfKept(tx, command.keys, { ...placeOf(row.player, id), envelope: row.details }))
      if (!kept) return { id, gateway, brand, savedAt, ...maskedCard }
      const { last4, expiry, holder } = JSON.parse(kept.toString()) as Details
      return { id, gateway, brand, savedAt, last4, expiry, holder }
    }),
  )
}

const maskedCard = { last4: '••••', expiry: '••/••', holder: '•••' }

/** The instrument if it is this player's own [GLI-2.5.6d]. @throws Refusal `cashier.instrument_unknown` */
export async function ownInstrument(reader: Reader, player: string, id: string): Promise<{ gateway: string }> {
  const [row] = await reader<Array<{ gateway: string }>>`
    select gateway from cashier.instruments where id = ${id} and player = ${player}`
  if (!row) throw instrumentUnknown()
  return row
}

/** What the gateway knows the card by. */
export async function tokenOf(reader: Reader, keys: Keys, id: string): Promise<string> {
  const [row] = await reader<Row[]>`select id, player, details from cashier.instruments where id = ${id}`
  if (!row) throw instrumentUnknown()
  return (await detailsOf(reader, keys, row)).token
}

async function detailsOf(
  reader: Reader,
  keys: Keys,
  row: { id: string; player: string; details: Buffer },
): Promise<Details> {
  const bytes = await open(reader, keys, { ...placeOf(row.player, row.id), envelope: row.details })
  return JSON.parse(bytes.toString()) as Details
}

function placeOf(player: string, id: string) {
  return { player, purpose: 'payment' as const, table: 'cashier.instruments', column: 'details', row: id }
}
