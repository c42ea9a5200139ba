import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Tx } from '#base'
import { openDatabase } from '../../../core/host/database.ts'
import { besideEachOther } from '../../../ops/backup/proof.ts'
import { openTestDatabase } from '../../support/database.ts'

test('who has nothing left to prove waits for the others, longer than the server lets others wait', async () => {
  const db = await openTestDatabase()
  await db.admin.unsafe(`alter database ${db.address.database} set idle_in_transaction_session_timeout = '200ms'`)
  const sql = openDatabase({ ...db.address, user: 'countroom_app', password: '', poolMax: availableParallelism() + 1 })
  try {
    const short = sql.begin(async (tx) => {
      await sleep(1000)
      await tx`select 1`
    })
    await expect(short).rejects.toThrow() // so the server is as it is told to be
    const seen = await sql.begin('isolation level repeatable read read only', (tx) =>
      besideEachOther(sql, tx, async (beside) => {
        await sleep(1000)
        return Promise.all([tx, ...beside].map((each: Tx) => each`select 1 as one`))
      }),
    )
    expect(seen).toHaveLength(availableParallelism())
  } finally {
    await sql.end({ timeout: 1 })
    await db.stop()
  }
})
