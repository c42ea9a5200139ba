import { z } from '@hono/zod-openapi'
import * as audit from '#audit'
import { type Reader, Refusal } from '#base'
import * as games from '#games'
import * as ledger from '#ledger'

/**
 * One transfer, a bet for one, shown to be in the log, and nothing of anybody else's: its row; the key line that the row has the
 * hash of; how the row leads to the root of its batch; the batch's entry; and how that is in the log (C2SP tlog-proof), down to a
 * checkpoint with its signatures. `docs/verify-the-audit-log.md` says how to check it.
 */
export const betProofSchema = z
  .strictObject({
    format: z.literal('countroom-bet-proof-1'),
    row: z.string().openapi({ description: 'The transfer: the hash of its key line, postings, the round.' }),
    key: z.string().nullable().openapi({ description: 'The key line; null once the key is forgotten.' }),
    rows: z
      .strictObject({ index: z.int(), size: z.int(), path: z.array(z.string()) })
      .openapi({ description: 'How the row leads to the root in the entry.' }),
    entry: z.string().openapi({ description: 'The entry of its batch, byte for byte.' }),
    proof: z.string().openapi({ description: 'How the entry is in the log (C2SP tlog-proof).' }),
  })
  .openapi('BetProof')
export type BetProof = z.infer<typeof betProofSchema>

/**
 * @throws Refusal `audit.not_sealed` when it is not in the log yet, `audit.row_changed` when what is kept of it is not what was
 * sealed, `audit.row_unknown` when there is no such transfer of the wallet, or its month is archived
 */
export async function proveBet(
  reader: Reader,
  which: { wallet: bigint; transfer: bigint; at?: Date | undefined },
): Promise<BetProof> {
  const batch = await ledger.batchOf(reader, which)
  if (!batch) throw rowUnknown()
  const ref = `${batch.lane}/${batch.batch}`
  const sealed = await audit.sealedBatch(reader, batch.lane, batch.batch)
  if (!sealed) throw audit.notSealed()
  const [booked] = await games.batchRows(reader, [{ ...batch, keys: sealed.keys }])
  const row = booked?.rows.find(({ transfer }) => transfer === which.transfer)
  if (!row) throw rowUnknown()
  const size = sealed.rows.length / audit.hashBytes
  const hash = audit.leafHash(Buffer.from(row.text))
  const index = Array.from({ length: size }, (_, n) => n).find((n) =>
    sealed.rows.subarray(n * audit.hashBytes, (n + 1) * audit.hashBytes).equals(hash),
  )
  if (index === undefined) throw rowChanged()
  const { entry, proof } = await audit.proveInclusion(reader, { ref })
  const path = audit.inclusionPathIn(sealed.rows, index).map((each) => each.toString('base64'))
  return {
    format: 'countroom-bet-proof-1',
    row: row.text,
    key: row.key,
    rows: { index, size, path },
    entry: entry!,
    proof,
  }
}

function rowUnknown(): Refusal {
  return new Refusal('absent', 'audit.row_unknown', 'There is no such transfer here; its month may be archived.')
}

function rowChanged(): Refusal {
  return new Refusal('conflict', 'audit.row_changed', 'What is kept of this is not what was sealed. Please tell us.')
}
