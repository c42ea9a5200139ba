import { z } from '@hono/zod-openapi'
import * as audit from '#audit'
import { type Reader, Refusal } from '#base'
import * as games from '#games'
import * as ledger from '#ledger'

/** Shows that the log of one size begins with that of an older one (RFC 6962, 2.1.2). */
export const consistencyPathSchema = z.strictObject({ from: z.string(), to: z.string(), path: z.array(z.string()) })
/** The size of a checkpoint that whoever asks holds. */
export const heldSize = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/)
  .optional()
  .openapi({ description: 'The size of a checkpoint that you hold: the answer then shows that both are of one log.' })

export function consistencyOf({ from, to, path }: audit.ConsistencyPath): z.infer<typeof consistencyPathSchema> {
  return { from: String(from), to: String(to), path: path.map((each) => each.toString('base64')) }
}

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
    consistency: consistencyPathSchema.optional().openapi({
      description: 'How the log of that proof and the one that is held are one, when a held size was given.',
    }),
  })
  .openapi('BetProof')
export type BetProof = z.infer<typeof betProofSchema>

/**
 * @throws Refusal `audit.not_sealed` when it is not in the log yet, `audit.row_changed` when what is kept of it is not what was
 * sealed, `audit.row_unknown` when there is no such transfer of the wallet, or its month is archived, `audit.size_unknown` when the log
 * never was as large as what is held
 */
export async function proveBet(
  reader: Reader,
  which: { wallet: bigint; transfer: bigint; at?: Date | undefined },
  asking: audit.Asking = {},
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
  const { entry, proof, consistency } = await audit.proveInclusion(reader, { ref }, asking)
  const path = audit.inclusionPathIn(sealed.rows, index).map((each) => each.toString('base64'))
  return {
    format: 'countroom-bet-proof-1',
    row: row.text,
    key: row.key,
    rows: { index, size, path },
    entry: entry!,
    proof,
    ...(consistency && { consistency: consistencyOf(consistency) }),
  }
}

function rowUnknown(): Refusal {
  return new Refusal('absent', 'audit.row_unknown', 'There is no such transfer here; its month may be archived.')
}

function rowChanged(): Refusal {
  return new Refusal('conflict', 'audit.row_changed', 'What is kept of this is not what was sealed. Please tell us.')
}
