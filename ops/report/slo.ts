import type { Sql } from '../../core/host/database.ts'
import { objectives } from '../monitoring/objectives.ts'
import { type Downtime, downtimeIn, lengthOf, type Span } from './downtime.ts'

const settlementSecondsMax = 5
/** A deposit asked for so lately may still get its page. */
const openingSeconds = 60

/** One promise against what the database knows of a month. `good` of `all` are milliseconds, deposits or events; null: not kept there, `words` says where it is. */
export type Kept = {
  slo: string
  promise: string
  target: number
  good: number | null
  all: number | null
  /** Undefined where nothing happened, or nobody knows. */
  met?: boolean
  words: string
}

export type SloReport = {
  month: string
  from: string
  until: string
  complete: boolean
  promises: Kept[]
  downtime: Downtime
}

/** The promises of `ops/monitoring/objectives.ts` in a month (`2026-11`, of UTC), up to now where it is not over. */
export async function sloReport(sql: Sql, month: string, now: Date): Promise<SloReport> {
  const span = monthOf(month)
  const asked = { from: span.from, until: Math.max(span.from, Math.min(span.until, now.getTime())) }
  const downtime = await downtimeIn(sql, asked)
  const measured: Record<string, Pick<Kept, 'good' | 'all' | 'words'>> = {
    availability: availability(downtime, asked),
    deposits: await deposits(sql, asked, now),
    settlement: await settlement(sql, asked, now),
  }
  return {
    month,
    from: new Date(asked.from).toISOString(),
    until: new Date(asked.until).toISOString(),
    complete: asked.until === span.until,
    promises: objectives.map(({ slo, promise, target }) => {
      const { good, all, words } = measured[slo] ?? {
        good: null,
        all: null,
        words: `not kept in the database; Prometheus has it: slo:sli_error:ratio_rate30d{slo="${slo}"}`,
      }
      const judged = good !== null && all !== null && all > 0 ? { met: good / all >= target } : {}
      return { slo, promise, target, good, all, ...judged, words }
    }),
    downtime,
  }
}

/** By time: a moment is bad when a core missed something, or none ran. Requests that failed within a good moment only Prometheus counts. */
function availability({ since, spans, stops, outages, crashes }: Downtime, { until }: Span) {
  const all = Math.max(0, until - since)
  const bad = lengthOf([...spans, ...stops])
  const refused = outages.reduce((sum, outage) => sum + outage.refused, 0)
  const unknown = crashes > 0 ? `; ${crashes} starts without a stop before, whose gaps nobody wrote down` : ''
  return {
    good: Math.max(0, all - bad),
    all,
    words: `by time: ${seconds(bad)} away, in ${outages.length} outages (${refused} requests refused) and ${stops.length} stops${unknown}`,
  }
}

async function deposits(sql: Sql, { from, until }: Span, now: Date) {
  const end = new Date(Math.min(until, now.getTime() - openingSeconds * 1000))
  const [row] = await sql<Array<{ good: number; all: number }>>`
    select count(*) filter (where redirect_url is not null or payment is not null)::int as good, count(*)::int as all
    from cashier.deposits where requested_at >= ${new Date(from)} and requested_at < ${end}`
  return {
    ...row!,
    words: 'deposits with a page of payment; what was refused before it was written down only Prometheus counts',
  }
}

async function settlement(sql: Sql, { from, until }: Span, now: Date) {
  const [row] = await sql<Array<{ good: number; all: number; slowest: number | null }>>`
    select count(*) filter (where took <= ${settlementSecondsMax})::int as good, count(*)::int as all, max(took)::float8 as slowest
    from (
      select extract(epoch from coalesce(processed_at, ${now}) - received_at) as took, processed_at from cashier.gateway_events
      where received_at >= ${new Date(from)} and received_at < ${new Date(until)}) events
    where processed_at is not null or took > ${settlementSecondsMax}`
  const { good, all, slowest } = row!
  return {
    good,
    all,
    words: `events of gateways; the slowest took ${slowest === null ? '-' : seconds(slowest * 1000)}`,
  }
}

/** @throws RangeError when it is no month */
function monthOf(month: string): Span {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? []
  if (!year || !number) throw new RangeError(`${month} is no month`)
  return { from: Date.UTC(Number(year), Number(number) - 1), until: Date.UTC(Number(year), Number(number)) }
}

const seconds = (milliseconds: number): string => `${Math.round(milliseconds / 100) / 10} s`

/** Never rounded up to what it is not. */
export const percent = (share: number): string => `${Math.floor(share * 100_000) / 1000} %`
