import { type Command, newId, type Reader, type Tx, textArray } from '#base'
import { contextOf, type KeyedCommand } from './dek.ts'
import { isRefused, rotationOpen } from './errors.ts'

/**
 * A rotation of a family of keys. `asked`: wanted, its new epoch not known here yet. `moving`: the new epoch is active, what
 * names older ones is moved. `retired`: nothing names an older epoch, and nothing ever will; the backup horizon runs.
 */
export type Rotation = {
  rotation: string
  family: string
  epoch: string | null
  state: 'asked' | 'moving' | 'retired'
  total: number
  moved: number
  askedBy: string
  askedAt: Date
  movingAt: Date | null
  retiredAt: Date | null
}

/** Where a pass over the data keys has come to; a pass begins at `passBegin`. */
export type DekPlace = { player: string; purpose: string; version: number }
export const passBegin: DekPlace = { player: '', purpose: '', version: 0 }

type DekRow = DekPlace & { kek: string; wrapped: Buffer; binding: Buffer }

/** Asks for a rotation. @throws Refusal `keys.rotation_open` when one of this family has not ended */
export async function askRotation(tx: Tx, command: Command, family: string): Promise<string> {
  const rotation = newId('rot', command.now.getTime())
  const asked = await tx`
    insert into keys.rotations (rotation, family, state, asked_by, asked_at)
    values (${rotation}, ${family}, 'asked', ${command.actor.id}, ${command.now}) on conflict do nothing`
  if (asked.count === 0) throw rotationOpen(family)
  return rotation
}

/** The new epoch is active in the agent: from here on what names older ones is moved. `total` is how much there is. */
export async function beginMoving(
  tx: Tx,
  command: Command,
  { rotation, epoch, total }: { rotation: string; epoch: string; total: number },
): Promise<void> {
  await tx`
    update keys.rotations set state = 'moving', epoch = ${epoch}, total = ${total}, moving_at = ${command.now}
    where rotation = ${rotation} and state = 'asked'`
}

export async function noteMoved(tx: Tx, rotation: string, count: number): Promise<void> {
  await tx`update keys.rotations set moved = moved + ${count} where rotation = ${rotation}`
}

export async function endRotation(tx: Tx, command: Command, rotation: string): Promise<void> {
  await tx`
    update keys.rotations set state = 'retired', retired_at = ${command.now} where rotation = ${rotation} and state = 'moving'`
}

/** Newest first. */
export async function rotations(reader: Reader, limit = 50): Promise<Rotation[]> {
  return await reader<Rotation[]>`
    select rotation, family, epoch, state, total::float8 as total, moved::float8 as moved, asked_by as "askedBy", asked_at as "askedAt",
      moving_at as "movingAt", retired_at as "retiredAt"
    from keys.rotations order by asked_at desc, rotation desc limit ${limit}`
}

/** Rotations that are under way, oldest first. */
export async function openRotations(reader: Reader): Promise<Rotation[]> {
  return (await rotations(reader)).filter(({ state }) => state !== 'retired').reverse()
}

/** How many data keys are wrapped under these epochs. */
export async function deksUnder(reader: Reader, epochs: readonly string[]): Promise<number> {
  const [row] = await reader<Array<{ count: number }>>`
    select count(*)::int as count from keys.deks where kek = any (${textArray(epochs)}::text[])`
  return row?.count ?? 0
}

/** How many data keys are bound by an epoch of the binding's key. A binding names its epoch in front, the first does not. */
export async function deksBoundUnder(reader: Reader, epoch: string): Promise<number> {
  const number = Number(/\d+$/.exec(epoch)?.[0])
  const name = number === 1 ? '' : number.toString(16).padStart(8, '0')
  const [row] = await reader<Array<{ count: number }>>`
    select count(*)::int as count from keys.deks
    where octet_length(binding) = ${32 + name.length / 2} and encode(substr(binding, 1, ${name.length / 2}), 'hex') = ${name}`
  return row?.count ?? 0
}

/**
 * Moves the next data keys of older epochs to the active one, in the caller's transaction: all of them or none. They pass
 * through the agent and are never opened here; who reads one meanwhile reads it as it was. Answers how many, where it came
 * to, and which the agent refused, because they are not what was kept there; undefined at the end of a pass. A row in
 * somebody else's hands is passed over, so a pass is repeated until nothing is left.
 */
export async function moveDeks(
  tx: Tx,
  command: KeyedCommand,
  { epochs, after, limit }: { epochs: readonly string[]; after: DekPlace; limit: number },
): Promise<{ count: number; last: DekPlace; unsound: DekPlace[] } | undefined> {
  const rows = await tx<DekRow[]>`
    select player, purpose, version, kek, wrapped, binding
    from keys.take_deks(${textArray(epochs)}::text[], ${after.player}, ${after.purpose}, ${after.version}, ${limit})`
  const last = rows.at(-1)
  if (!last) return undefined
  const moved = await rewrap(command, rows)
  if (moved.length > 0) await keepRewrapped(tx, moved)
  const sound = new Set(moved.map(({ row }) => row))
  return { count: moved.length, last: placeOf(last), unsound: rows.filter((row) => !sound.has(row)).map(placeOf) }
}

/**
 * Closes an epoch of a key-encryption key for good, if no data key is wrapped under it any more; answers how many are. Waits
 * for transactions that are keeping a data key at the moment, at most as long as the caller's `lock_timeout`.
 */
export async function retireKek(tx: Tx, command: Command, epoch: string): Promise<number> {
  const [row] = await tx<Array<{ left: number }>>`
    select keys.retire_kek(${epoch}, ${command.now})::int as left`
  return row?.left ?? 0
}

/** Notes that nothing names an epoch of another family any longer; the room that holds its rows has made sure of it. */
export async function noteRetired(tx: Tx, command: Command, epoch: string): Promise<void> {
  await tx`insert into keys.retired (epoch, at) values (${epoch}, ${command.now}) on conflict do nothing`
}

/** Epochs that nothing names any longer, and since when. */
export async function retiredEpochs(reader: Reader): Promise<Map<string, Date>> {
  const rows = await reader<Array<{ epoch: string; at: Date }>>`select epoch, at from keys.retired order by epoch`
  return new Map(rows.map(({ epoch, at }) => [epoch, at]))
}

type Moved = { row: DekRow; kek: string; wrapped: Buffer; binding: Buffer }

/** All at once; one by one when there is one among them that the agent refuses. */
async function rewrap(command: KeyedCommand, rows: DekRow[]): Promise<Moved[]> {
  const items = rows.map((row) => ({ ...row, context: contextOf(row.player, row.purpose, row.version) }))
  try {
    const fresh = await command.keys.rewrapDeks(items)
    return rows.map((row, index) => ({ row, ...fresh[index]! }))
  } catch (error) {
    if (!isRefused(error)) throw error
    if (rows.length === 1) return []
    const moved: Moved[] = []
    for (const row of rows) moved.push(...(await rewrap(command, [row])))
    return moved
  }
}

async function keepRewrapped(tx: Tx, moved: Moved[]): Promise<void> {
  const texts = (read: (each: Moved) => string) => textArray(moved.map(read))
  await tx`
    select keys.rewrap_deks(${texts(({ row }) => row.player)}::text[], ${texts(({ row }) => row.purpose)}::text[],
      ${texts(({ row }) => String(row.version))}::int[], ${texts(({ row }) => row.kek)}::text[], ${texts(({ kek }) => kek)}::text[],
      ${byteArray(moved.map(({ wrapped }) => wrapped))}::bytea[], ${byteArray(moved.map(({ binding }) => binding))}::bytea[])`
}

function placeOf({ player, purpose, version }: DekPlace): DekPlace {
  return { player, purpose, version }
}

/** PostgreSQL's text form of an array of bytes. */
function byteArray(values: readonly Buffer[]): string {
  return `{${values.map((value) => `"\\\\x${value.toString('hex')}"`).join(',')}}`
}
