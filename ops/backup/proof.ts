import * as keysRoom from '#keys'
import * as ledger from '#ledger'
import { proveLog } from '../../core/host/log-proof.ts'
import type { Home } from '../appliance/home.ts'
import { connect } from '../appliance/postgres.ts'

export type Check = { name: string; ok: boolean; firstBad?: string }

/**
 * Proves restored data from their rows: the ledger, the audit log with the token's keys, and that the token opens the data keys. The
 * schema has to be that of this version or older.
 */
export async function proveData(home: Home, keys: keysRoom.Keys): Promise<Check[]> {
  const sql = connect(home, 'app')
  try {
    return (await sql.begin('isolation level repeatable read read only', async (tx) => {
      const books = await ledger.prove(tx)
      const log = await proveLog(tx, keys)
      const deks = await keysRoom.proveDeks(tx, keys)
      return [
        ...books.checks.map((check) => ({ ...check, name: `ledger: ${check.name}` })),
        ...log.map((check) => ({ ...check, name: `audit: ${check.name}` })),
        {
          name: `keys: the token opens data keys of every epoch (${deks.tried} tried of ${deks.deks}, under ${deks.epochs.join(', ') || 'none'})`,
          ok: deks.firstBad === undefined,
          ...(deks.firstBad === undefined ? {} : { firstBad: deks.firstBad }),
        },
      ]
    })) as Check[]
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** In words, the first that does not hold; undefined when all do. */
export function firstFault(checks: readonly Check[]): string | undefined {
  const bad = checks.find(({ ok }) => !ok)
  return bad && `${bad.name}${bad.firstBad ? `: ${bad.firstBad}` : ''}`
}
