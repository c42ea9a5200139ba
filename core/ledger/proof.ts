import type { Reader, Tx } from '#base'
import { keyDaysMin } from './archive.ts'
import { beginning, type Contradiction, type Horizon, isWhole } from './contradictions/horizon.ts'
import { contradictions } from './contradictions.ts'

export type Check = { name: string; ok: boolean; firstBad?: string }
export type Proof = { ok: boolean; checks: Check[] }

/**
 * Proves the books from their rows alone: each check is one query that finds what contradicts it, and names the first.
 * Run it in a REPEATABLE READ transaction, so that all checks see one instant. With `since`, only what was booked from then
 * on is proven, on the wallets it touched, and that it follows from what was there before: the cost is that of the new.
 * A row that was spoilt later and is older is found by the whole proof only. `beside`: further transactions of the same snapshot,
 * which share the work.
 */
export async function prove(
  reader: Reader,
  options: { since?: Date; now?: Date; beside?: readonly Reader[] } = {},
): Promise<Proof> {
  const { since = beginning, now = new Date(), beside = [] } = options
  const promised = new Date(now.getTime() - keyDaysMin * 86_400_000)
  const horizon = {
    since,
    now,
    keysSince: promised > since ? promised : since,
    archived: isWhole({ since }) ? await detachedMonths(reader) : [],
  }
  const checks: Check[] = []
  const waiting = [...contradictions.entries()]
  const work = async (mine: Reader) => {
    // Compiling costs more than it saves in every check, and sorts of all that was ever booked go to disk with what a bet needs.
    await mine`select set_config('jit', 'off', true), set_config('work_mem', '64MB', true)`
    for (let next = waiting.shift(); next; next = waiting.shift()) checks[next[0]] = await check(mine, next[1], horizon)
  }
  await Promise.all([reader, ...beside].map(work))
  return { ok: checks.every((each) => each.ok), checks }
}

async function check(reader: Reader, { name, find }: Contradiction, horizon: Horizon): Promise<Check> {
  const query = find(reader, horizon)
  if (!query) return { name, ok: true }
  // Materialized, since nothing is expected: whoever plans for the first of many finds would walk whole tables in order.
  const [bad] = await reader<Array<{ bad: string }>>`
    with found as materialized (${query}) select bad from found limit 1`
  return bad ? { name, ok: false, firstBad: bad.bad } : { name, ok: true }
}

/**
 * Keeps what a proof found, so that the next one can go on from there. A sound proof of the whole also keeps whose each new
 * wallet is, for the time when the keys that say so are forgotten.
 */
export async function keepProof(tx: Tx, found: Proof, at: Date, since: Date): Promise<void> {
  const bad = found.checks.find((each) => !each.ok)
  await tx`
    insert into ledger.proofs (at, since, ok, first_bad)
    values (${at}, ${since}, ${found.ok}, ${bad ? `${bad.name}: ${bad.firstBad}` : null}) on conflict (at) do nothing`
  if (found.ok && isWhole({ since }))
    await tx`
      insert into ledger.owners select wallet, player, currency, opened_at from ledger.wallets
      on conflict (wallet) do nothing`
}

/** A transaction may commit this long after the instant it carries, so the next proof looks back as far. */
const overlapMs = 10 * 60_000

/** `ok`: nothing contradicts the books as far as is known; `firstBad` says what does. */
export type KeptProof = { at: Date; ok: boolean; firstBad: string | null }

/**
 * How the books stand by the proofs that were kept: the last one's instant, and sound unless one failed since the last
 * sound proof of the whole. A later proof of the new cannot clear them, for it does not look where the other did.
 */
export async function lastProof(reader: Reader): Promise<KeptProof | undefined> {
  const [last] = await reader<KeptProof[]>`
    select last.at, bad.at is null as ok, bad.first_bad as "firstBad"
    from (select at from ledger.proofs order by at desc limit 1) last
    left join (select at, first_bad from ledger.proofs where not ok order by at desc limit 1) bad
      on bad.at > coalesce((select max(at) from ledger.proofs where ok and since <= '1970-01-01T00:00:00Z'), '-infinity')`
  return last
}

/** From when on the next proof must look: what a sound one has not seen; from the beginning without one. */
export function unprovenSince(last: Pick<KeptProof, 'at' | 'ok'> | undefined): Date {
  return last?.ok ? new Date(last.at.getTime() - overlapMs) : beginning
}

/** Months that were detached and not yet carried away: what is left of them is proven too. */
async function detachedMonths(reader: Reader): Promise<string[]> {
  const rows = await reader<Array<{ name: string }>>`
    select relname as name from pg_class
    where relnamespace = 'ledger'::regnamespace and relkind = 'r' and relname ~ '^archived_postings_' order by 1`
  return rows.map((row) => row.name)
}
