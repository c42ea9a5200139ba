import type { Reader, Tx } from '#base'
import type { Keys } from './client.ts'
import { firstBadLine, type JournalLine, journalStart } from './journal.ts'

/** How far a journal was told, and whether it was ever found broken. */
export type Shipped = {
  first: string
  node: string
  number: number
  hash: string
  shippedAt: Date
  brokenAt: Date | null
}

/** What is new in an agent's journal: lines that follow, or where it does not follow from what was told of it before. */
export type JournalNews = { first: string; lines: JournalLine[]; broken?: { number: number; why: string } }

const linesMax = 500
const doesNotFollow = 'it does not follow from the one before'

/**
 * Reads on in the journal of the agent behind `keys`, up to 500 lines. One that is cut, changed or another than this node
 * had before is broken: it is told from its first line again, so that nothing in it goes unseen.
 */
export async function readJournal(
  reader: Reader,
  keys: Pick<Keys, 'journal'>,
  node: string,
  now: Date,
): Promise<JournalNews> {
  const [line] = await keys.journal(0, 1)
  if (!line) return { first: '', lines: [] } // an agent writes its first line before it serves
  const known = await shippedJournals(reader)
  const ours = known.find(({ first }) => first === line.hash)
  const before = known.find((each) => each.node === node)
  if (!ours && before)
    return {
      ...(await fromStart(keys, line.hash)),
      broken: { number: before.number, why: 'another journal stands in its place' },
    }
  if (!ours) return fromStart(keys, line.hash)
  const [last, ...after] = await keys.journal(Math.max(0, ours.number - 1), linesMax + 1)
  if (last?.hash !== ours.hash)
    return {
      ...(await fromStart(keys, line.hash)),
      broken: { number: ours.number, why: 'this line is not what it was' },
    }
  const bad = firstBadLine(after, ours)
  if (bad === undefined) return { first: line.hash, lines: after }
  const lines = after.slice(0, bad - 1 - ours.number)
  return {
    first: line.hash,
    lines,
    ...(isFresh(ours.brokenAt, now) ? {} : { broken: { number: bad, why: doesNotFollow } }),
  }
}

/** A break that lasts is told once a day. */
function isFresh(brokenAt: Date | null, now: Date): boolean {
  return brokenAt !== null && now.getTime() - brokenAt.getTime() < 86_400_000
}

/** Keeps that lines were told, in the transaction that tells them. */
export async function noteShipped(tx: Tx, node: string, news: JournalNews, now: Date): Promise<void> {
  const last = news.lines.at(-1)
  const brokenAt = news.broken ? now : null
  // What another journal has replaced stands nowhere any more, but is remembered.
  await tx`update keys.journals set node = '', broken_at = ${now} where node = ${node} and first <> ${news.first}`
  if (news.broken) await tx`update keys.journals set broken_at = ${now} where first = ${news.first}`
  if (!last) {
    await tx`update keys.journals set shipped_at = ${now}, node = ${node} where first = ${news.first}`
    return
  }
  await tx`
    insert into keys.journals (first, node, number, hash, shipped_at, broken_at)
    values (${news.first}, ${node}, ${last.number}, ${last.hash}, ${now}, ${brokenAt})
    on conflict (first) do update set
      node = excluded.node, number = excluded.number, hash = excluded.hash, shipped_at = excluded.shipped_at,
      broken_at = coalesce(excluded.broken_at, keys.journals.broken_at)`
}

export async function shippedJournals(reader: Reader): Promise<Shipped[]> {
  return await reader<Shipped[]>`
    select first, node, number::int, hash, shipped_at as "shippedAt", broken_at as "brokenAt" from keys.journals`
}

async function fromStart(keys: Pick<Keys, 'journal'>, first: string): Promise<JournalNews> {
  const lines = await keys.journal(journalStart.number, linesMax)
  const bad = firstBadLine(lines)
  return bad === undefined
    ? { first, lines }
    : { first, lines: lines.slice(0, bad - 1), broken: { number: bad, why: doesNotFollow } }
}
