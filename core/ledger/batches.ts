import { numberArray, type Reader, type Tx, textArray } from '#base'

/** A batch of a lane as it was booked: how many transfers, and the digest that chains it to the one before. */
export type Batch = { lane: number; batch: bigint; at: Date; transfers: number; digest: Buffer }

const batchesPerLane = 256

/**
 * The batches that come after the last known of each lane, oldest first and each lane's in order, up to some number of
 * transfers (at least one batch). A lane commits its batches in order, so what is seen has no gap.
 */
export async function batchesAfter(
  reader: Reader,
  known: ReadonlyMap<number, bigint>,
  transfersMax: number,
): Promise<Batch[]> {
  const found = await reader<Batch[]>`
    select b.lane, b.batch, b.at, b.transfers, b.digest
    from ledger.lanes l
    left join unnest(${numberArray([...known.keys()])}::text::smallint[], ${numberArray([...known.values()])}::text::bigint[]) k (lane, batch)
      on k.lane = l.lane
    cross join lateral (
      select * from ledger.batches b where b.lane = l.lane and b.batch > coalesce(k.batch, 0) order by b.batch limit ${batchesPerLane}
    ) b
    where l.batch > coalesce(k.batch, 0)
    order by b.at, b.lane, b.batch`
  return firstOf(found, transfersMax)
}

/** As many as there is room for; a lane of which one had to wait has to wait with all after it. */
function firstOf(found: readonly Batch[], transfersMax: number): Batch[] {
  const next = new Map<number, bigint>()
  for (const { lane, batch } of found) if (batch < (next.get(lane) ?? batch + 1n)) next.set(lane, batch)
  const taken: Batch[] = []
  let transfers = 0
  for (const batch of found) {
    if (batch.batch !== next.get(batch.lane)) continue // a clock was set back: it comes with the next ones
    if (transfers + batch.transfers > transfersMax && taken.length > 0) break
    next.set(batch.lane, batch.batch + 1n)
    taken.push(batch)
    transfers += batch.transfers
  }
  return taken
}

/** Makes the end of the tables cheap to find by time, in the rooms whose tables are read so; then read what was just booked. */
export async function summarise(tx: Tx, schemas: readonly string[]): Promise<void> {
  await tx`select ledger.summarise(name) from unnest(${textArray(schemas)}::text::text[]) s (name)`
}

/** Batches by lane and number; those that are not there are left out. */
export async function batchesNamed(
  reader: Reader,
  named: ReadonlyArray<Pick<Batch, 'lane' | 'batch'>>,
): Promise<Batch[]> {
  return await reader<Batch[]>`
    select b.lane, b.batch, b.at, b.transfers, b.digest
    from unnest(${numberArray(named.map(({ lane }) => lane))}::text::smallint[], ${numberArray(named.map(({ batch }) => batch))}::text::bigint[]) n (lane, batch)
    join ledger.batches b on b.lane = n.lane and b.batch = n.batch`
}

/** The last batch of each lane whose postings are in a month that was detached. */
export async function archivedBatches(reader: Reader): Promise<Map<number, bigint>> {
  const rows = await reader<Array<{ lane: number; batch: bigint }>>`select lane, batch from ledger.archived`
  return new Map(rows.map(({ lane, batch }) => [lane, batch]))
}

/** The batch that booked a transfer of a wallet, while its postings are at hand; `at` finds it sooner. */
export async function batchOf(
  reader: Reader,
  which: { wallet: bigint; transfer: bigint; at?: Date | undefined },
): Promise<Batch | undefined> {
  const [row] = await reader<Batch[]>`
    select b.lane, b.batch, b.at, b.transfers, b.digest from (
      select lane, batch from ledger.postings
      where wallet = ${which.wallet} and transfer = ${which.transfer}
        ${which.at ? reader`and at >= ${which.at} and at < ${new Date(which.at.getTime() + 1)}` : reader``}
      limit 1
    ) p join ledger.batches b on b.lane = p.lane and b.batch = p.batch`
  return row
}
