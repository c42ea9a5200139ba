import { type Reader, Refusal } from '#base'
import type { Keys } from './client.ts'
import { KeysRefused } from './connection.ts'
import { contextOf, type Purpose } from './dek.ts'

type Row = { player: string; purpose: Purpose; version: number; kek: string; wrapped: Buffer; binding: Buffer }

export type DekProof = { deks: number; tried: number; epochs: string[]; firstBad?: string }

const triedPerEpoch = 200

/**
 * Shows that the token opens the data keys of a database, by having the agent wrap some of each epoch anew, the newest and others by lot;
 * nothing of it leaves the agent and nothing is kept. Names the first that does not open.
 */
export async function proveDeks(reader: Reader, keys: Pick<Keys, 'rewrapDeks'>): Promise<DekProof> {
  const counted = await reader<Array<{ kek: string; deks: number }>>`
    select kek, count(*)::int as deks from keys.deks group by kek order by kek`
  const proof = {
    deks: counted.reduce((sum, { deks }) => sum + deks, 0),
    tried: 0,
    epochs: counted.map(({ kek }) => kek),
  }
  for (const { kek } of counted) {
    const rows = await reader<Row[]>`
      (select player, purpose, version, kek, wrapped, binding from keys.deks where kek = ${kek}
        order by created_at desc limit ${triedPerEpoch / 2})
      union
      (select player, purpose, version, kek, wrapped, binding from keys.deks where kek = ${kek}
        order by random() limit ${triedPerEpoch / 2})`
    const firstBad = await firstUnopened(keys, rows)
    if (firstBad) return { ...proof, tried: proof.tried + rows.length, firstBad }
    proof.tried += rows.length
  }
  return proof
}

/** All at once, and one by one only when there is one among them that does not open. */
async function firstUnopened(keys: Pick<Keys, 'rewrapDeks'>, rows: Row[]): Promise<string | undefined> {
  try {
    await keys.rewrapDeks(rows.map((row) => ({ ...row, context: contextOf(row.player, row.purpose, row.version) })))
    return undefined
  } catch (error) {
    const said = error instanceof KeysRefused || (error instanceof Refusal && error.code !== 'keys.unavailable')
    if (!said) throw error
    const [row] = rows
    if (rows.length === 1 && row) return `the key of ${row.player} for ${row.purpose} does not open under ${row.kek}`
  }
  const half = Math.ceil(rows.length / 2)
  return (await firstUnopened(keys, rows.slice(0, half))) ?? (await firstUnopened(keys, rows.slice(half)))
}
