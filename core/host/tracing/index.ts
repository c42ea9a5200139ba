import type { Config } from '../config.ts'
import type { Sql } from '../database.ts'
import type { TelemetryConfig } from './config.ts'
import { type FollowedLanes, followLanes } from './lanes.ts'
import { followRequests } from './requests.ts'
import { openSpans, type Spans } from './spans.ts'
import { followStatements } from './statements.ts'

/**
 * What becomes of a request, span by span (OpenTelemetry), from the edge to the database. There is one only where the configuration has `telemetry`,
 * and only then is any of this loaded.
 */
export type Tracing = Spans & {
  /** For a face: follows the requests that its edge follows. */
  requests(face: string): ReturnType<typeof followRequests>
  lanes<Item extends object, Answer>(): FollowedLanes<Item, Answer>
}

export function openTracing(
  role: Config['keys']['role'],
  config: TelemetryConfig,
  sql: Sql,
  database: string,
): Tracing {
  const spans = openSpans(role, config)
  followStatements(spans, sql, database)
  return { ...spans, requests: (face) => followRequests(spans, face), lanes: () => followLanes(spans) }
}
