import type { Reader, Tx } from '#base'
import {
  type BlindIndex,
  beginIndexEpoch,
  blindIndex,
  blindIndexes,
  blindIndexUnder,
  endIndexEpoch,
  holdIndex,
  type KeyedCommand,
  type Keys,
  normaliseEmail,
  open,
} from '#keys'

type Waiting = { player: string; email: Buffer }

/** Whose address this is; undefined when it is nobody's. @throws Refusal `keys.email_malformed` */
export async function playerAt(reader: Reader, keys: Keys, email: string): Promise<string | undefined> {
  return ownerOf(reader, await blindIndex(reader, keys, 'email', normaliseEmail(email)))
}

/**
 * Takes an address for a new player. When it is somebody's already, nothing is taken and its owner is answered; of two who ask
 * for one address at the same time one waits for the other.
 */
export async function takeAddress(
  tx: Tx,
  command: KeyedCommand,
  { player, email }: { player: string; email: string },
): Promise<string | undefined> {
  const indexes = await blindIndexes(tx, command.keys, 'email', email)
  for (const index of indexes) {
    const owner = (await write(tx, player, index)) ? player : await ownerOf(tx, index)
    if (owner === player) continue
    await tx`delete from players.email_indexes where player = ${player}`
    return owner
  }
  return undefined
}

/** Whose address this is, by its index. */
export function playerUnder(reader: Reader, index: BlindIndex): Promise<string | undefined> {
  return ownerOf(reader, index)
}

/** Gives a player another address in the place of theirs. False, and nothing is changed, when it is somebody else's. */
export async function changeAddress(
  tx: Tx,
  command: KeyedCommand,
  { player, email }: { player: string; email: string },
): Promise<boolean> {
  const indexes = await blindIndexes(tx, command.keys, 'email', email)
  for (const index of indexes) {
    const owner = await ownerOf(tx, index)
    if (owner !== undefined && owner !== player) return false
  }
  await tx`delete from players.email_indexes where player = ${player}`
  for (const index of indexes) if (!(await write(tx, player, index))) throw new Error('an address was taken meanwhile')
  return true
}

/** A rotation of the index's key begins: addresses are written under both epochs, and read under the old one. */
export async function beginReindexing(tx: Tx, epoch: string): Promise<void> {
  await beginIndexEpoch(tx, 'email', epoch)
}

/**
 * Writes the next addresses that stand under the old epoch alone under the new one too; what somebody else has in hand is
 * passed over. Answers the last player seen, undefined when there was none after the place given.
 */
export async function reindex(
  tx: Tx,
  command: KeyedCommand,
  { epoch, after, limit }: { epoch: string; after: string; limit: number },
): Promise<{ count: number; last: string } | undefined> {
  const waiting = await tx<Waiting[]>`
    select i.player, p.email from players.email_indexes i join players.players p using (player)
    where i.epoch <> ${epoch} and i.player > ${after} and not exists (
      select from players.email_indexes n where n.player = i.player and n.epoch = ${epoch})
    order by i.player limit ${limit} for update of i skip locked`
  for (const row of waiting) await reindexOne(tx, command, epoch, row)
  const last = waiting.at(-1)
  return last && { count: waiting.length, last: last.player }
}

/**
 * From now on addresses are written and read under the new epoch alone, if every address stands under it. Answers how many do
 * not. The old values are still there, for who is reading just now; `forgetIndexes` removes them.
 */
export async function endReindexing(tx: Tx, epoch: string): Promise<number> {
  const epochs = await holdIndex(tx, 'email')
  const left = await indexesNotUnder(tx, epoch)
  if (left === 0 && epochs.at(-1) === epoch) await endIndexEpoch(tx, 'email')
  return left
}

/** How many addresses stand under other epochs than this one alone. */
export async function indexesNotUnder(reader: Reader, epoch: string): Promise<number> {
  const [row] = await reader<Array<{ left: number }>>`
    select count(*)::int as left from players.email_indexes i
    where i.epoch <> ${epoch} and not exists (
      select from players.email_indexes n where n.player = i.player and n.epoch = ${epoch})`
  return row?.left ?? 0
}

/** How many addresses stand under an epoch. */
export async function indexesUnder(reader: Reader, epoch: string): Promise<number> {
  const [row] = await reader<Array<{ count: number }>>`
    select count(*)::int as count from players.email_indexes where epoch = ${epoch}`
  return row?.count ?? 0
}

/** Removes what is no longer read. Answers how many went. */
export async function forgetIndexes(tx: Tx, epoch: string): Promise<number> {
  const [row] = await tx<Array<{ inUse: boolean }>>`
    select ${epoch} = any (epochs) as "inUse" from keys.indexes where family = 'hk-email-index'`
  if (row?.inUse !== false) return 0
  return (await tx`delete from players.email_indexes where epoch = ${epoch}`).count
}

/** Whoever was erased has no address any more that could be found. */
async function reindexOne(tx: Tx, command: KeyedCommand, epoch: string, { player, email }: Waiting): Promise<void> {
  const place = { player, purpose: 'contact' as const, table: 'players.players', column: 'email', row: player }
  const address = await open(tx, command.keys, { ...place, envelope: email }).catch((error: { code?: string }) => {
    if (error.code !== 'keys.shredded') throw error
    return undefined
  })
  if (!address) await tx`delete from players.email_indexes where player = ${player}`
  else await write(tx, player, await blindIndexUnder(command.keys, epoch, 'email', address.toString()))
}

async function write(tx: Tx, player: string, { epoch, value }: BlindIndex): Promise<boolean> {
  const written = await tx`
    insert into players.email_indexes (epoch, value, player) values (${epoch}, ${value}, ${player}) on conflict do nothing`
  return written.count > 0
}

async function ownerOf(reader: Reader, { epoch, value }: BlindIndex): Promise<string | undefined> {
  const [row] = await reader<Array<{ player: string }>>`
    select player from players.email_indexes where epoch = ${epoch} and value = ${value}`
  return row?.player
}
