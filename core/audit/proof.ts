import { createHash, verify as verifySignature } from 'node:crypto'
import type { Command, Reader, Tx } from '#base'
import type { Keys } from '#keys'

export type AuditProof = { ok: boolean; count: bigint; head: string; checkpoints: number; firstBad?: string }

type Row = { seq: bigint; previous: Buffer; hash: Buffer; content: Buffer }

/**
 * Walks the whole log in constant memory and recomputes every link; checks that each signed checkpoint stands on the
 * chain and that the head is its end. Names the first record that does not fit.
 */
export async function verify(reader: Reader, keys?: Pick<Keys, 'publicKey'>): Promise<AuditProof> {
  let last: { seq: bigint; hash: Buffer } = { seq: 0n, hash: Buffer.alloc(0) }
  const checkpoints = await reader<Array<{ seq: bigint; at: Date; hash: Buffer; signature: Buffer }>>`
    select seq, at, hash, signature from audit.checkpoints order by seq`
  const publicKey = await keys?.publicKey('sk-audit')
  let next = 0
  const result = (firstBad?: string): AuditProof => ({
    ok: firstBad === undefined,
    count: last.seq,
    head: last.hash.toString('hex'),
    checkpoints: next,
    ...(firstBad === undefined ? {} : { firstBad }),
  })

  const rows = reader<Row[]>`
    select seq, previous, hash, audit.content(r) as content from audit.records r order by seq`.cursor(1000)
  for await (const page of rows)
    for (const row of page) {
      if (row.seq !== last.seq + 1n) return result(`record ${last.seq + 1n} is missing`)
      if (!row.previous.equals(last.hash)) return result(`record ${row.seq} does not follow from the one before`)
      if (!row.hash.equals(link(last.hash, row.content))) return result(`record ${row.seq} was changed`)
      last = { seq: row.seq, hash: row.hash }
      const checkpoint = checkpoints[next]
      if (checkpoint?.seq === row.seq) {
        if (!checkpoint.hash.equals(row.hash))
          return result(`record ${row.seq} is not what checkpoint ${checkpoint.seq} signed`)
        if (publicKey && !isSigned(publicKey, checkpoint))
          return result(`checkpoint ${checkpoint.seq} is not signed by this appliance`)
        next++
      }
    }
  if (next < checkpoints.length) return result(`checkpoint ${checkpoints[next]?.seq} signed records that are gone`)
  const [head] = await reader<Array<{ seq: bigint; hash: Buffer }>>`select seq, hash from audit.head`
  if (head?.seq !== last.seq || !head.hash.equals(last.hash)) return result('the head is not the last record')
  return result()
}

/** Signs the head, so that a later rewriting of the whole chain shows. Nothing to do when it is signed already. */
export async function checkpoint(tx: Tx, command: Command & { keys: Pick<Keys, 'sign'> }): Promise<void> {
  const [head] = await tx<Array<{ seq: bigint; hash: Buffer }>>`
    select seq, hash from audit.head where seq > (select coalesce(max(seq), 0) from audit.checkpoints)`
  if (!head) return
  const signature = await command.keys.sign('sk-audit', statementOf(head))
  await tx`
    insert into audit.checkpoints (seq, at, hash, signature) values (${head.seq}, ${command.now}, ${head.hash}, ${signature})
    on conflict do nothing`
}

function link(previous: Buffer, content: Buffer): Buffer {
  return createHash('sha256').update(previous).update(content).digest()
}

function statementOf(head: { seq: bigint; hash: Buffer }): Buffer {
  return createHash('sha256')
    .update(`countroom-audit-checkpoint-1\n${head.seq}\n${head.hash.toString('hex')}\n`)
    .digest()
}

function isSigned(
  publicKey: Parameters<typeof verifySignature>[2],
  checkpoint: { seq: bigint; hash: Buffer; signature: Buffer },
): boolean {
  const statement = `countroom-audit-checkpoint-1\n${checkpoint.seq}\n${checkpoint.hash.toString('hex')}\n`
  return verifySignature(
    'sha256',
    Buffer.from(statement),
    { key: publicKey as never, dsaEncoding: 'ieee-p1363' },
    checkpoint.signature,
  )
}
