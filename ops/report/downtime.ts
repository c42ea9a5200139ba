import * as audit from '#audit'
import type { Sql } from '../../core/host/database.ts'

/** Milliseconds since the epoch. */
export type Span = { from: number; until: number }
type Outage = { process: string; component: string; from: string; until: string; refused: number }

const pageSize = 500

/** When players could not be served, as far as the cores wrote it down. Spans may overlap; they are cut to the time asked for. */
export type Downtime = {
  /** What a core missed: database, key agent, audit log. One core's fault counts although another may have served. */
  outages: Outage[]
  spans: Span[]
  /** Since when there was a casino at all. */
  since: number
  /** When no core ran, because each was told to stop. */
  stops: Span[]
  /** Starts of cores that had not stopped before: they ended at an instant that nobody wrote down. */
  crashes: number
}

export async function downtimeIn(sql: Sql, asked: Span): Promise<Downtime> {
  const outages = (await eventsOf(sql, 'host.unavailable', asked.from)).flatMap(({ subject, detail }) => {
    const { process, from, until, refused } = detail as Omit<Outage, 'component'>
    return isCore(process) ? [{ process, component: subject, from, until, refused }] : []
  })
  const spans = outages.map(({ from, until }) => ({ from: Date.parse(from), until: Date.parse(until) }))
  const inside = outages.filter((_, index) => cut(spans[index]!, asked))
  return {
    outages: inside.sort((a, b) => a.from.localeCompare(b.from)),
    spans: spans.flatMap((span) => cut(span, asked) ?? []),
    ...(await stopsIn(sql, asked)),
  }
}

/** Its length without counting anything twice. */
export function lengthOf(spans: readonly Span[]): number {
  let end = Number.NEGATIVE_INFINITY
  let sum = 0
  for (const { from, until } of spans.toSorted((a, b) => a.from - b.from)) {
    sum += Math.max(0, until - Math.max(from, end))
    end = Math.max(end, until)
  }
  return sum
}

async function stopsIn(sql: Sql, asked: Span): Promise<Pick<Downtime, 'since' | 'stops' | 'crashes'>> {
  const [started, stopped, [earlier]] = await Promise.all([
    eventsOf(sql, 'host.started', asked.from),
    eventsOf(sql, 'host.stopped', asked.from),
    audit.search(sql, { code: 'host.started', to: new Date(asked.from), limit: 1 }),
  ])
  const turns = [...started, ...stopped]
    .filter(({ subject, at }) => isCore(subject) && Date.parse(at) < asked.until)
    .sort((a, b) => a.id.localeCompare(b.id))
    .map(({ subject, at, code }) => ({ subject, at: Date.parse(at), starts: code === 'host.started' }))
  // Whoever stops first in this time was up when it began, and whoever starts first was not.
  const up = new Map<string, boolean>()
  for (const { subject, starts } of turns) if (!up.has(subject)) up.set(subject, !starts)
  const noneUp = () => up.size > 0 && ![...up.values()].includes(true)
  const since = earlier ? asked.from : (turns[0]?.at ?? asked.until)
  const stops: Span[] = []
  let crashes = 0
  let down = noneUp() ? since : undefined
  for (const { subject, at, starts } of turns) {
    if (starts && up.get(subject)) crashes++
    up.set(subject, starts)
    if (noneUp()) down ??= at
    else if (down !== undefined) {
      if (at > down) stops.push({ from: down, until: at })
      down = undefined
    }
  }
  if (down !== undefined && down < asked.until) stops.push({ from: down, until: asked.until })
  return { since, stops, crashes }
}

async function eventsOf(sql: Sql, code: audit.Code, from: number): Promise<audit.AuditEvent[]> {
  const all: audit.AuditEvent[] = []
  for (let before: string | undefined; ; before = all.at(-1)!.id) {
    const page = await audit.search(sql, { code, from: new Date(from), limit: pageSize, ...(before ? { before } : {}) })
    all.push(...page)
    if (page.length < pageSize) return all
  }
}

const isCore = (name: string): boolean => name.startsWith('core-')

function cut(span: Span, { from, until }: Span): Span | undefined {
  const inside = { from: Math.max(span.from, from), until: Math.min(span.until, until) }
  return inside.until > inside.from ? inside : undefined
}
