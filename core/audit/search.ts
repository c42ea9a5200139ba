import { type Reader, uuidFrom } from '#base'
import { significantCodes } from './catalogue.ts'
import type { AuditEvent, Outcome } from './event.ts'

/** Which events; what is left out does not matter. `from` is included, `to` is not. */
export type Wanted = {
  code?: string
  outcome?: Outcome
  actor?: string
  subject?: string
  player?: string
  /** Those of GLI-19 2.8.8 only. */
  significant?: boolean
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
  return rows.map(({ entry }) => eventOf(entry))
}

/** An event's id holds its instant, so a span of time is a span of ids. */
export function which(reader: Reader, wanted: Wanted) {
  const { code, outcome, actor, subject, player, significant, from, to } = wanted
  return reader`true
    ${code === undefined ? reader`` : reader`and code = ${code}`}
    ${significant ? reader`and code = any (${significantCodes})` : reader``}
    ${outcome === undefined ? reader`` : reader`and outcome = ${outcome}`}
    ${actor === undefined ? reader`` : reader`and actor = ${actor}`}
    ${subject === undefined ? reader`` : reader`and subject = ${subject}`}
    ${player === undefined ? reader`` : reader`and player = ${player}`}
    ${from === undefined ? reader`` : reader`and id >= ${uuidFrom(from)}`}
    ${to === undefined ? reader`` : reader`and id < ${uuidFrom(to)}`}`
}

export function eventOf(entry: string): AuditEvent {
  return JSON.parse(entry) as AuditEvent
}
