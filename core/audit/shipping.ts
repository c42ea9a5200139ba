import { createHash } from 'node:crypto'
import type { Reader, Tx } from '#base'

/** A place among the shipped lines: the last leaf looked at, and the last line's number and running hash. */
export type ShippingPosition = { index: bigint; number: bigint; hash: Buffer }

/** An event on its way to the second place. `text` is one line without its end. */
export type ShippedLine = { number: bigint; hash: Buffer; code: string; at: Date; entry: string; text: string }

const leavesPerRead = 5000n
const format = 'countroom-shipped-1'
const start = Buffer.alloc(32)

/**
 * Takes the shipping for this process for a while, or finds it taken by another. Answers where it goes on, and what was found
 * wrong at the second place, if anything was.
 */
export async function holdShipping(
  tx: Tx,
  holder: string,
  seconds: number,
): Promise<(ShippingPosition & { fault: string | null }) | undefined> {
  const [row] = await tx<Array<ShippingPosition & { fault: string | null }>>`
    update audit.shipping set holder = ${holder}, held_until = now() + make_interval(secs => ${seconds})
    where holder = ${holder} or held_until < now()
    returning index, number, hash, fault`
  return row
}

/** Lets another process have it at once. */
export async function leaveShipping(tx: Tx, holder: string): Promise<void> {
  await tx`update audit.shipping set held_until = '-infinity' where holder = ${holder}`
}

/** What arrived; told by whoever still has the shipping. */
export async function moveShipping(
  tx: Tx,
  holder: string,
  { index, number, hash }: ShippingPosition,
  now: Date,
): Promise<void> {
  await tx`
    update audit.shipping set index = ${index}, number = ${number}, hash = ${hash}, at = ${now} where holder = ${holder}`
}

export async function noteShippingFault(tx: Tx, fault: string | null): Promise<void> {
  await tx`update audit.shipping set fault = ${fault}`
}

/**
 * The next events after a position, in the order of the log, as numbered lines; and the position after them. Nothing that is
 * written meanwhile can come before them: the sealer gives indexes one after the other.
 */
export async function linesAfter(
  reader: Reader,
  position: ShippingPosition,
  countMax: number,
): Promise<{ lines: ShippedLine[]; position: ShippingPosition }> {
  const upTo = await lastIndex(reader, position.index) // before the rows, or one that comes in between would be passed over
  const rows = await reader<Array<{ index: bigint; code: string; at: Date; entry: string }>>`
    select l.index, coalesce(e.code, l.kind) as code, l.at, coalesce(e.entry, l.entry) as entry
    from audit.leaves l left join audit.events e on l.kind = 'event' and e.id = l.ref::uuid
    where l.index > ${position.index} and l.index <= ${upTo} and l.kind <> 'batch'
      and coalesce(e.entry, l.entry) is not null -- archived before there was a second place
    order by l.index limit ${countMax}`
  let { number, hash } = position
  const lines = rows.map(({ code, at, entry }) => {
    number++
    const previous = hash
    hash = shippedHash(previous, number, entry)
    const text = `{"number":${number},"previous":"${previous.toString('hex')}","hash":"${hash.toString('hex')}","entry":${entry}}`
    return { number, hash, code, at, entry, text }
  })
  const index = rows.length === countMax ? rows.at(-1)!.index : upTo
  return { lines, position: { index, number, hash } }
}

export type ShippingLag = { waiting: number; oldest: Date | null; fault: string | null }

/** What is not at the second place yet: how many events, and since when the oldest of them waits. */
export async function shippingLag(reader: Reader): Promise<ShippingLag> {
  const [row] = await reader<ShippingLag[]>`
    with waiting as (
      select l.at from audit.leaves l where l.kind <> 'batch' and l.index > (select index from audit.shipping)
      union all
      select e.at from audit.unsealed u join audit.events e on e.id = u.event
    )
    select count(*)::int as waiting, min(at) as oldest, (select fault from audit.shipping) as fault from waiting`
  return row!
}

/** Where the second place should be. */
export async function shippingPosition(reader: Reader): Promise<ShippingPosition & { at: Date }> {
  const [row] = await reader<Array<ShippingPosition & { at: Date }>>`select index, number, hash, at from audit.shipping`
  return row!
}

/** Each line's hash is over the one before, its number, and the bytes of its entry. */
function shippedHash(previous: Buffer, number: bigint, entry: string): Buffer {
  return createHash('sha256').update(format).update(previous).update(`${number}\n`).update(entry).digest()
}

export type ShippedProof = {
  ok: boolean
  /** Lines that were told apart; the same line twice counts once. */
  count: number
  first?: bigint
  last?: { number: bigint; hash: Buffer; at: string }
  repeated: number
  /** What is no line of ours: what a syslog daemon wrote about itself, the torn end of a write. */
  foreign: number
  firstBad?: string
}

const shippedLine = /\{"number":(\d{1,19}),"previous":"([0-9a-f]{64})","hash":"([0-9a-f]{64})","entry":(\{.*\})\}\s*$/

/**
 * The gap detector of the second place: whether lines follow each other without a gap, in order, each as it was sent. The same
 * line again is no fault, since what may not have arrived is sent again. It may begin anywhere, as a file that was rotated does.
 */
export async function verifyShipped(lines: AsyncIterable<string>): Promise<ShippedProof> {
  const proof: ShippedProof = { ok: true, count: 0, repeated: 0, foreign: 0 }
  const seen = new Map<bigint, string>()
  let last: { number: bigint; hash: string } | undefined
  for await (const line of lines) {
    const read = shippedLine.exec(line)
    if (!read) {
      proof.foreign += line.trim() === '' ? 0 : 1
      continue
    }
    const [, digits = '', previous = '', hash = '', entry = ''] = read
    const number = BigInt(digits)
    const bad = (firstBad: string): ShippedProof => ({ ...proof, ok: false, firstBad })
    if (shippedHash(Buffer.from(previous, 'hex'), number, entry).toString('hex') !== hash)
      return bad(`line ${number} was changed`)
    if (last && number <= last.number) {
      if (seen.get(number) !== undefined && seen.get(number) !== hash)
        return bad(`line ${number} comes again as another`)
      if (seen.get(number) === undefined) return bad(`line ${number} comes after line ${last.number}`)
      proof.repeated++
      continue
    }
    if (last && number !== last.number + 1n) return bad(`lines ${last.number + 1n} to ${number - 1n} are missing`)
    if (last && previous !== last.hash) return bad(`line ${number} does not follow from the one before`)
    if (number === 1n && previous !== start.toString('hex')) return bad('line 1 does not begin the chain')
    seen.set(number, hash)
    seen.delete(number - repeatsMax)
    proof.first ??= number
    proof.count++
    proof.last = { number, hash: Buffer.from(hash, 'hex'), at: (JSON.parse(entry) as { at?: string }).at ?? '' }
    last = { number, hash }
  }
  return proof
}

/** So far back a line that comes again is still known; no connection has more in flight. */
const repeatsMax = 100_000n

async function lastIndex(reader: Reader, after: bigint): Promise<bigint> {
  const [row] = await reader<Array<{ index: bigint }>>`
    select coalesce(max(index), ${after}::bigint) as index from audit.leaves
    where index > ${after} and index <= ${after + leavesPerRead}`
  return row!.index
}
