import type { Reader, Tx } from '#base'
import { keyDaysMin } from './archive.ts'
import { beginning, type Contradiction, contradictions } from './contradictions.ts'

export type Check = { name: string; ok: boolean; firstBad?: string }
export type Proof = { ok: boolean; checks: Check[] }

/**
 * Proves the books from their rows alone: each check is one query that finds what contradicts it, and names the first.
 * Run it in a REPEATABLE READ transaction, so that all checks see one instant. With `since`, only what was booked from then
 * on is proven, and that it follows from what was there before; sums and holds are proven whole all the same.
 */
export async function prove(reader: Reader, options: { since?: Date; now?: Date } = {}): Promise<Proof> {
  const since = options.since ?? beginning
  const keysSince = new Date((options.now ?? new Date()).getTime() - keyDaysMin * 86_400_000)
  const checks: Check[] = []
  for (const contradiction of contradictions) checks.push(await check(reader, contradiction, since, keysSince))
  return { ok: checks.every((each) => each.ok), checks }
}

async function check(reader: Reader, { name, find }: Contradiction, since: Date, keysSince: Date): Promise<Check> {
  const [bad] = await find(reader, { since, keysSince: keysSince > since ? keysSince : since })
  return bad ? { name, ok: false, firstBad: bad.bad } : { name, ok: true }
}

/** Keeps what a proof found, so that the next one can go on from there. */
export async function keepProof(tx: Tx, found: Proof, at: Date, since: Date): Promise<void> {
  const bad = found.checks.find((each) => !each.ok)
  await tx`
    insert into ledger.proofs (at, since, ok, first_bad)
    values (${at}, ${since}, ${found.ok}, ${bad ? `${bad.name}: ${bad.firstBad}` : null}) on conflict (at) do nothing`
}

/** A transaction may commit this long after the instant it carries, so the next proof looks back as far. */
const overlapMs = 10 * 60_000

/** The last proof that was kept. */
export async function lastProof(reader: Reader): Promise<{ at: Date; ok: boolean } | undefined> {
  const [last] = await reader<Array<{ at: Date; ok: boolean }>>`
    select at, ok from ledger.proofs order by at desc limit 1`
  return last
}

/** From when on the next proof must look: what a sound one has not seen; from the beginning without one. */
export function unprovenSince(last: { at: Date; ok: boolean } | undefined): Date {
  return last?.ok ? new Date(last.at.getTime() - overlapMs) : beginning
}
