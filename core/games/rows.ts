import { hash } from 'node:crypto'
import { numberArray, type Reader } from '#base'
import type { Batch } from '#ledger'

/**
 * What one transfer did, as the audit log seals it: a line with the SHA-256 of its key line, one per posting, and those of
 * the round if there is one: four, a fifth with its steps where it had several; five of one that was voided. `key` is the key line itself, while the ledger still knows it.
 */
export type BookedRow = { wallet: bigint; transfer: bigint; keyHash: string; key: string | null; text: string }

/** Which batch; `keys` are the hashes of its key lines (32 bytes each) that were kept when it was sealed. */
export type WantedBatch = Pick<Batch, 'lane' | 'batch' | 'at'> & { keys?: Buffer }
export type BatchRows = { lane: number; batch: bigint; rows: BookedRow[] }
/** The same as hashes, 32 bytes each: of the key lines, and of the rows as leaves of a tree. */
export type BatchHashes = { lane: number; batch: bigint; keys: Buffer; rows: Buffer }

type Booked = {
  lane: number
  batch: bigint
  wallet: bigint
  transfer: bigint
  key: string | null
  lines: string | null
}

/**
 * The rows of batches, each batch's in the order of their transfers' numbers, read in one pass over the time they were booked
 * in. A batch whose rows are archived is not in the answer. Once a key is forgotten, what was kept of it stands for it.
 */
export async function batchRows(reader: Reader, batches: readonly WantedBatch[]): Promise<BatchRows[]> {
  if (batches.length === 0) return []
  const found = await reader<Booked[]>`select * from games.batch_rows(${wanted(reader, batches)})`
  const kept = new Map(batches.map(({ lane, batch, keys }) => [`${lane}/${batch}`, keys]))
  const all: BatchRows[] = []
  for (const booked of found) {
    const { lane, batch } = booked
    const last = all.at(-1)
    const rows = last?.lane === lane && last.batch === batch ? last.rows : []
    if (rows.length === 0) all.push({ lane, batch, rows })
    rows.push(rowOf(booked, kept.get(`${lane}/${batch}`), rows.length))
  }
  return all
}

/** As `batchRows`, but hashed where they are kept: for whoever seals them, while their keys are known. */
export async function batchHashes(reader: Reader, batches: readonly WantedBatch[]): Promise<BatchHashes[]> {
  if (batches.length === 0) return []
  return await reader<BatchHashes[]>`select * from games.batch_hashes(${wanted(reader, batches)})`
}

/** Which batches, and the time they were booked in. */
function wanted(reader: Reader, batches: readonly WantedBatch[]) {
  const instants = batches.map(({ at }) => at.getTime())
  return reader`${numberArray(batches.map(({ lane }) => lane))}::text::smallint[],
    ${numberArray(batches.map(({ batch }) => batch))}::text::bigint[],
    ${new Date(Math.min(...instants))}, ${new Date(Math.max(...instants) + 1)}`
}

function rowOf({ wallet, transfer, key, lines }: Booked, kept: Buffer | undefined, place: number): BookedRow {
  const keyHash = kept ? kept.toString('hex', place * 32, place * 32 + 32) : hash('sha256', key ?? '', 'hex')
  return { wallet, transfer, keyHash, key, text: lines === null ? `key ${keyHash}` : `key ${keyHash}\n${lines}` }
}
