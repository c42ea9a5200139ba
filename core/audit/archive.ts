import type { Command, Reader, Tx } from '#base'
import { record } from './record.ts'

/** Entries of leaves from one index up to another, that one not included. */
export type ArchiveSpan = { from: bigint; upTo: bigint; before: Date }

export const auditMonthsMin = 12 // PCI DSS 10.5.1
const leavesPerRead = 1000n
/** So many leaves are archived in one transaction. */
const leavesPerArchive = 50_000n

/**
 * Which entries are older than so many whole months; never those younger than twelve, whatever is asked. A span ends before the
 * first leaf that is younger, or that is on its way to the second place. Undefined when there is none.
 */
export async function archiveSpan(reader: Reader, now: Date, months: number): Promise<ArchiveSpan | undefined> {
  const before = new Date(now)
  before.setUTCMonth(before.getUTCMonth() - Math.max(months, auditMonthsMin))
  const [row] = await reader<Array<{ from: bigint; upTo: bigint }>>`
    select h.index as from, least(
      coalesce(
        (select index from audit.leaves where index >= h.index and at >= ${before} order by index limit 1),
        (select max(index) + 1 from audit.leaves), 0),
      (select index + 1 from audit.shipping where number > 0)) as "upTo"
    from audit.horizon h`
  return row && row.upTo > row.from ? { ...row, before } : undefined
}

/** For how many days the oldest entry that is here has been past so many whole months; 0 when it is younger. */
export async function archiveOverdueDays(reader: Reader, months: number): Promise<number> {
  const [row] = await reader<Array<{ days: number }>>`
    select greatest(0, extract(epoch from now() - make_interval(months => ${Math.max(months, auditMonthsMin)}) - l.at) / 86400)::float8 as days
    from audit.horizon h join audit.leaves l on l.index = h.index`
  return row?.days ?? 0
}

/** The entries of a span as JSON lines with the index of each leaf, byte for byte; memory does not grow with their number. */
export async function* archiveLines(reader: Reader, { from, upTo }: ArchiveSpan): AsyncGenerator<string, void, void> {
  for (let first = from; first < upTo; first += leavesPerRead) {
    const end = first + leavesPerRead < upTo ? first + leavesPerRead : upTo
    const rows = await reader<Array<{ index: bigint; entry: string }>>`
      select l.index, e.entry from audit.leaves l join audit.events e on e.id = l.ref::uuid
      where l.kind = 'event' and l.index >= ${first} and l.index < ${end} order by l.index`
    yield rows.map(({ index, entry }) => `{"index":${index},"entry":${entry}}\n`).join('')
  }
}

/**
 * Takes the first part of a span out of the database, which was written to a file before; the sealed personal parts go for good.
 * Answers the span that is left. That it was done is an event of its own.
 *
 * @throws the database's own refusal when one of them is younger than twelve months
 */
export async function archive(
  tx: Tx,
  command: Command,
  span: ArchiveSpan,
  file: { name: string; digest: string },
): Promise<ArchiveSpan | undefined> {
  const upTo = span.from + leavesPerArchive < span.upTo ? span.from + leavesPerArchive : span.upTo
  const [row] = await tx<Array<{ count: number }>>`select audit.archive(${upTo}) as count`
  await record(tx, command, {
    action: 'audit.archived',
    subject: 'log',
    detail: {
      before: span.before,
      upTo: upTo.toString(),
      count: row!.count,
      file: file.name,
      digest: file.digest,
    },
  })
  return upTo < span.upTo ? { ...span, from: upTo } : undefined
}
