import type { Reader } from '#base'

/** A batch as it was sealed: its leaf, and the hashes of its rows and of their key lines, 32 bytes each. */
export type SealedBatch = {
  lane: number
  batch: bigint
  index: bigint
  keys: Buffer
  rows: Buffer
  entry: string
  /** As what the leaf stands there; `batch`, unless somebody was at it. */
  kind: string
}

/** Sealed batches in the order of their leaves, after one. */
export async function sealedBatches(reader: Reader, after: bigint, countMax: number): Promise<SealedBatch[]> {
  return await reader<SealedBatch[]>`
    select b.lane, b.batch, b.index, b.keys, b.rows, l.entry, l.kind
    from audit.batches b join audit.leaves l on l.index = b.index
    where b.index > ${after} order by b.index limit ${countMax}`
}

/** One batch as it was sealed; undefined when it was not, yet. */
export async function sealedBatch(reader: Reader, lane: number, batch: bigint): Promise<SealedBatch | undefined> {
  const [row] = await reader<SealedBatch[]>`
    select b.lane, b.batch, b.index, b.keys, b.rows, l.entry, l.kind from audit.batches b join audit.leaves l on l.index = b.index
    where b.lane = ${lane} and b.batch = ${batch}`
  return row
}

/** How many batches are leaves. */
export async function sealedBatchCount(reader: Reader): Promise<bigint> {
  const [row] = await reader<Array<{ count: bigint }>>`select count(*) as count from audit.leaves where kind = 'batch'`
  return row!.count
}

/** A lane whose sealed batches are not all from 1 to the last one said to be sealed. */
export async function brokenLane(reader: Reader): Promise<number | undefined> {
  const [row] = await reader<Array<{ lane: number }>>`
    select coalesce(l.lane, b.lane) as lane from audit.lanes l
    full join (select lane, count(*) as count, min(batch) as first, max(batch) as last from audit.batches group by lane) b on b.lane = l.lane
    where b.first is distinct from 1 or b.last is distinct from l.batch or b.count is distinct from l.batch
    order by 1 limit 1`
  return row?.lane
}
