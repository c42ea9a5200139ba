import { type CsvCell, csvLine, type Reader } from '#base'
import type { AuditEvent } from './event.ts'
import { eventOf, type Wanted, which } from './search.ts'

export const extractFormats = ['jsonl', 'csv'] as const
export type ExtractFormat = (typeof extractFormats)[number]

/** So many events are read at once; what is between two reads is all that an extract keeps in memory. */
const eventsPerRead = 1000

/**
 * The events as a file, oldest first, in chunks: JSON lines hold each entry byte for byte, as it stands in the log; CSV is
 * for spreadsheets. Memory does not grow with the number of events, and between two chunks neither a connection nor a
 * snapshot is held. Give `to`, or what is written meanwhile comes along.
 */
export async function* extract(
  reader: Reader,
  wanted: Wanted,
  format: ExtractFormat,
): AsyncGenerator<string, void, void> {
  if (format === 'csv') yield csvLine(columns.map(([name]) => name))
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const rows = await reader<Array<{ id: string; entry: string }>>`
      select id, entry from audit.events where ${which(reader, wanted)} and id > ${after}
      order by id limit ${eventsPerRead}`
    if (rows.length > 0)
      yield rows.map(({ entry }) => (format === 'csv' ? csvOf(eventOf(entry)) : `${entry}\n`)).join('')
    if (rows.length < eventsPerRead) return
    after = rows.at(-1)!.id
  }
}

const columns: ReadonlyArray<[name: string, cell: (event: AuditEvent) => CsvCell | undefined]> = [
  ['at', (event) => new Date(event.at)],
  ['code', (event) => event.code],
  ['outcome', (event) => event.outcome],
  ['actor kind', (event) => event.actor.kind],
  ['actor', (event) => event.actor.id],
  ['address', (event) => event.address],
  ['subject', (event) => event.subject],
  ['player', (event) => event.player],
  ['reason', (event) => event.reason],
  ['detail', (event) => json(event.detail)],
  ['before', (event) => json(event.before)],
  ['after', (event) => json(event.after)],
  ['personal part', (event) => event.personal?.commitment],
  ['request', (event) => event.requestId],
  ['id', (event) => event.id],
]

function csvOf(event: AuditEvent): string {
  return csvLine(columns.map(([, cell]) => cell(event) ?? null))
}

function json(fields: object | undefined): string | undefined {
  return fields && JSON.stringify(fields)
}
