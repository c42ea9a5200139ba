import * as audit from '#audit'
import { systemCommand } from '#base'
import * as ledger from '#ledger'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'
import { memoriesIn, noMemories, reach } from './memories.ts'

/** Whether the restored books hold what was seen of them. `known`: by batches a core had kept; without them nobody knows, and money is frozen as well. */
export type Loss = { known: number; missing: number; frozen: boolean }

type Restore = {
  label: string
  target: string
  onPurpose: boolean
  by: string
  reached: { lsn: string; commit: Date | null }
}

/**
 * A restore may take back what was answered, on purpose or because the last seconds were never archived. Unless cores' memories show that nothing
 * is missing, money is frozen in the restored books, with the evidence in them and in the audit log: somebody lifts it who answers for it
 * (`countroom ledger lift`).
 */
export async function answerFor(home: Home, memories: string | undefined, restore: Restore): Promise<Loss> {
  const at = new Date()
  const command = systemCommand('countroom restore', at)
  const seen = memories === undefined ? noMemories : memoriesIn(memories)
  const { label, target, onPurpose, by, reached } = restore
  const sql = connect(home, 'owner')
  try {
    return (await sql.begin(async (tx) => {
      const { breaks } = await ledger.compareHeads(tx, seen.heads, [])
      const sound = breaks.length === 0 && reach(seen, reached.commit) && !onPurpose
      const plain = JSON.parse(
        JSON.stringify({ restore, breaks }, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
      ) as object
      const frozen = !sound && (await ledger.freeze(tx, { at, by: 'countroom restore', evidence: plain }))
      if (frozen)
        await audit.record(tx, command, {
          action: 'ledger.frozen',
          subject: 'ledger',
          detail: {
            process: 'countroom restore',
            breaks: breaks.length,
            timeline: reached.lsn,
            first: `restored from ${label} to ${target}`,
          },
        })
      await audit.record(tx, command, {
        action: 'backup.restored',
        subject: 'data',
        detail: { label, target, reached: reached.commit?.toISOString() ?? null, lsn: reached.lsn, frozen: !sound, by },
      })
      return { known: seen.heads.length, missing: breaks.length, frozen: !sound }
    })) as Loss
  } finally {
    await sql.end({ timeout: 5 })
  }
}
