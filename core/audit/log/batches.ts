import type { Reader } from '#base'

/** A batch as it was sealed: its leaf, and the hashes of its rows and of their key lines, 32 bytes each. */
export type SealedBatch = { lane: number; batch: bigint; index: bigint; keys: Buffer; rows: Buffer; entry: string }

/** Sealed batches in the order of their leaves, after one. */
export async function sealedBatches(reader: Reader, after: bigint, countMax: number): Promise<SealedBatch[]> {
  return await reader<SealedBatch[]>`
    select b.lane, b.batch, b.index, b.keys, b.rows, l.entry
    from audit.batches b join audit.leaves l on l.index = b.index
    where b.index > ${after} order by b.index limit ${countMax}`
}

/** One batch as it was sealed; undefined when it was not, yet. */
export async function sealedBatch(reader: Reader, lane: number, batch: bigint): Promise<SealedBatch | undefined> {
  const [row] = await reader<SealedBatch[]>`
    select b.lane, b.batch, b.index, b.keys, b.rows, l.entry from audit.batches b join audit.leaves l on l.index = b.index
    where b.lane = ${lane} and b.batch = ${batch}`
  return row
}

/** How many batches are leaves. */
export async function sealedBatchCount(reader: Reader): Promise<bigint> {
  const [row] = await reader<Array<{ count: bigint }>>`select count(*) as count from audit.leaves where kind = 'batch'`
  return row!.count
}
