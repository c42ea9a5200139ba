import { numberArray, type Reader, textArray } from '#base'
import type { Lease } from './lease.ts'
import { nameOf, payloadHash, type Transfer } from './transfer.ts'

export type PostResult = {
  item: number
  code: string
  transfer: bigint
  cash: bigint
  bonus: bigint
  held: bigint
  version: bigint
}

/**
 * Books many transfers of different wallets in one statement on a leased lane. Answers one result per transfer, in
 * order; a transfer that is refused leaves the others alone.
 */
export async function postBatch(
  reader: Reader,
  lease: Lease,
  at: Date,
  transfers: readonly Transfer[],
): Promise<PostResult[]> {
  const hashes = transfers.map((transfer) => payloadHash(transfer.payload ?? transfer))
  const legs = transfers.flatMap((transfer, index) => transfer.legs.map((leg) => ({ transfer, index, leg })))
  return await reader.unsafe<PostResult[]>(
    `select * from ledger.post($1::smallint, $2, $3::timestamptz,
       $4::text::int[], $5::text::bigint[], $6::text::text[], $7::text::uuid[], $8::text::text[], $9::text::text[],
       $10::text::text[], $11::text::text[], $12::text::text[], $13::text::bigint[], false)`,
    [
      lease.lane,
      lease.holder,
      at,
      numberArray(legs.map(({ index }) => index + 1)),
      numberArray(legs.map(({ transfer }) => transfer.wallet)),
      textArray(legs.map(({ transfer }) => transfer.key)),
      textArray(legs.map(({ index }) => hashes[index]!)),
      textArray(legs.map(({ transfer }) => transfer.kind)),
      textArray(legs.map(({ transfer }) => transfer.reference ?? '')),
      textArray(legs.map(() => '')),
      textArray(legs.map(({ leg }) => nameOf(leg.from))),
      textArray(legs.map(({ leg }) => nameOf(leg.to))),
      numberArray(legs.map(({ leg }) => leg.amount)),
    ],
    { prepare: true },
  )
}
