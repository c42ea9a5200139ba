import { type Reader, uuidFrom } from '#base'
import type { AuditEvent, Outcome } from './event.ts'

/** Which events; what is left out does not matter. `from` is included, `to` is not. */
export type Wanted = {
  code?: string
  outcome?: Outcome
  actor?: string
  subject?: string
  player?: string
  from?: Date
  to?: Date
}

/** Newest first; `before` is the id of the last event seen. */
export async function search(
  reader: Reader,
  { before, limit, ...wanted }: Wanted & { before?: string; limit: number },
): Promise<AuditEvent[]> {
  const rows = await reader<Array<{ entry: string }>>`
    select entry from audit.events
    where ${which(reader, wanted)} ${before === undefined ? reader`` : reader`and id < ${before}`}
    order by id desc limit ${limit}`
  return rows.map(({ entry }) => JSON.parse(entry) as AuditEvent)
}

/** An event's id holds its instant, so a span of time is a span of ids. */
function which(reader: Reader, wanted: Wanted) {
  const { code, outcome, actor, subject, player, from, to } = wanted
  return reader`true
    ${code === undefined ? reader`` : reader`and code = ${code}`}
    ${outcome === undefined ? reader`` : reader`and outcome = ${outcome}`}
    ${actor === undefined ? reader`` : reader`and actor = ${actor}`}
    ${subject === undefined ? reader`` : reader`and subject = ${subject}`}
    ${player === undefined ? reader`` : reader`and player = ${player}`}
    ${from === undefined ? reader`` : reader`and id >= ${uuidFrom(from)}`}
    ${to === undefined ? reader`` : reader`and id < ${uuidFrom(to)}`}`
}
