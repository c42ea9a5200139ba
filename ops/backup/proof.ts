import { availableParallelism } from 'node:os'
import type { Tx } from '#base'
import * as keysRoom from '#keys'
import * as ledger from '#ledger'
import { openDatabase, type Sql } from '../../core/host/database.ts'
import { proveLog } from '../../core/host/log-proof.ts'
import type { Home } from '../appliance/home.ts'
import { addressOf } from '../appliance/postgres.ts'

export type Check = { name: string; ok: boolean; firstBad?: string }

/**
 * Proves restored data from their rows: the ledger, the audit log with the token's keys, and that the token opens the data keys. The
 * schema has to be that of this version or older. Nobody else works on these data, so the proof of the ledger takes all processors.
 */
export async function proveData(home: Home, keys: keysRoom.Keys): Promise<Check[]> {
  const sql = openDatabase({ ...addressOf(home, 'app'), poolMax: availableParallelism() + 1, name: 'countroom-proof' })
  try {
    await sql.begin(ledger.refreshStatistics)
    return (await sql.begin('isolation level repeatable read read only', async (tx) => {
      const books = await besideEachOther(sql, tx, (beside) => ledger.prove(tx, { beside }))
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

/**
 * Transactions that see what this one sees, one for each further processor, for as long as the work takes. Who has nothing left to do waits for who
 * proves a check that takes minutes, which is longer than the server lets others wait.
 */
export async function besideEachOther<T>(sql: Sql, tx: Tx, work: (beside: Tx[]) => Promise<T>): Promise<T> {
  const mayWait = (each: Tx) => each`select set_config('idle_in_transaction_session_timeout', '0', true)`
  await mayWait(tx)
  const [row] = await tx<Array<{ snapshot: string }>>`select pg_export_snapshot() as snapshot`
  const grown = async (beside: Tx[]): Promise<T> =>
    beside.length + 1 >= availableParallelism()
      ? work(beside)
      : ((await sql.begin('isolation level repeatable read read only', async (other) => {
          await other.unsafe(`set transaction snapshot '${row!.snapshot}'`)
          await mayWait(other)
          return grown([...beside, other])
        })) as T)
  return grown([])
}

/** In words, the first that does not hold; undefined when all do. */
export function firstFault(checks: readonly Check[]): string | undefined {
  const bad = checks.find(({ ok }) => !ok)
  return bad && `${bad.name}${bad.firstBad ? `: ${bad.firstBad}` : ''}`
}
