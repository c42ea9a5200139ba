import { hash } from 'node:crypto'
import * as audit from '#audit'
import type { Reader } from '#base'
import * as games from '#games'
import * as ledger from '#ledger'
import { entryOf } from './sealer.ts'

export type BooksProof = { ok: boolean; batches: number; archived: number; firstBad?: string }

const batchesPerRead = 64

/**
 * Holds what the ledger and the games have today against what was sealed of it: of every batch the digest and, while its month
 * is attached, each row. Whoever changed a posting, a key or a round together with all sums and digests is found here. Run it in
 * a REPEATABLE READ transaction.
 */
export async function verifySealedBooks(reader: Reader): Promise<BooksProof> {
  const proof: BooksProof = { ok: true, batches: 0, archived: 0 }
  const bad = (firstBad: string): BooksProof => ({ ...proof, ok: false, firstBad })
  const broken = await audit.brokenLane(reader)
  if (broken !== undefined) return bad(`lane ${broken}: some of its batches were left out of the log`)
  const archived = await ledger.archivedBatches(reader)
  for (let after = -1n; ; ) {
    const sealed = await audit.sealedBatches(reader, after, batchesPerRead)
    if (sealed.length === 0) break
    const booked = new Map((await ledger.batchesNamed(reader, sealed)).map((batch) => [nameOf(batch), batch]))
    const wanted = sealed.flatMap((each) => {
      const batch = booked.get(nameOf(each))
      return batch ? [{ ...batch, keys: each.keys }] : []
    })
    const rows = new Map((await games.batchRows(reader, wanted)).map((batch) => [nameOf(batch), batch.rows]))
    for (const each of sealed) {
      const batch = booked.get(nameOf(each))
      if (each.kind !== 'batch') return bad(`leaf ${each.index}: batch ${nameOf(each)} stands there as something else`)
      if (!batch) return bad(`leaf ${each.index}: batch ${nameOf(each)} of the ledger is missing`)
      const isArchived = each.batch <= (archived.get(each.lane) ?? 0n)
      const fault = isArchived ? faultOfDigest(each, batch) : faultOf(each, batch, rows.get(nameOf(each)) ?? [])
      if (fault !== undefined) return bad(`leaf ${each.index}: ${fault}`)
      if (isArchived) proof.archived++
      proof.batches++
      after = each.index
    }
  }
  if ((await audit.sealedBatchCount(reader)) !== BigInt(proof.batches))
    return bad('a batch is a leaf of the log, and what was kept of its rows is missing')
  return proof
}

function faultOf(sealed: audit.SealedBatch, batch: ledger.Batch, rows: readonly games.BookedRow[]): string | undefined {
  const hashes = audit.leafHashes(rows.map(({ text }) => text))
  for (const [place, { transfer, key, keyHash }] of rows.entries()) {
    if (key !== null && hash('sha256', key, 'hex') !== keyHash)
      return `the key of transfer ${transfer} in batch ${nameOf(batch)} was changed`
    if (!hashes.subarray(place * 32, place * 32 + 32).equals(sealed.rows.subarray(place * 32, place * 32 + 32)))
      return `transfer ${transfer} in batch ${nameOf(batch)} is not what was sealed`
  }
  if (hashes.length !== sealed.rows.length) return `a transfer of batch ${nameOf(batch)} is missing`
  return entryOf(batch, hashes) === sealed.entry ? undefined : `batch ${nameOf(batch)} is not what was sealed`
}

function faultOfDigest(sealed: audit.SealedBatch, batch: ledger.Batch): string | undefined {
  return entryOf(batch, sealed.rows) === sealed.entry ? undefined : `batch ${nameOf(batch)} is not what was sealed`
}

function nameOf({ lane, batch }: { lane: number; batch: bigint }): string {
  return `${lane}/${batch}`
}
