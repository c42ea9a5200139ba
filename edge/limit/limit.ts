import type { Asker } from './asker.ts'
import type { Rule } from './rules.ts'
import type { Table } from './table.ts'

/** Tables by how fine their time is: what fills up in a quarter of an hour stands in `fine`, what takes up to a week in `coarse`. */
export type Tables = { fine: Table; coarse: Table }
export const ticksPerMs = { fine: 1000, coarse: 1 } as const
const fineSecondsMax = 900

/**
 * Where a limit is decided. `here`: on this host alone. `leased`: here within a small share, and beyond it by what Redis has lent. `asked`: by
 * Redis, for each request.
 */
type Mode = 'here' | 'leased' | 'asked'

/** A rule ready to be asked, and how much of it this host may let in. */
export type Limit = {
  readonly rule: Rule
  readonly table: Table
  readonly ticksPerMs: number
  /** Of the whole rule: ticks between two requests, how early one may come, and how many at once. */
  readonly step: number
  readonly tolerance: number
  readonly burst: number
  /** Tell its entries from those of other rules. */
  readonly low: number
  readonly high: number
  /** For the header `RateLimit-Policy`. */
  readonly policy: string
  mode: Mode
  /** Of this host's share, as `step` and `tolerance`. */
  shareStep: number
  shareTolerance: number
}

/** @param part of the rule that is counted here: less than 1 where workers cannot count together */
export function limitOf(rule: Rule, tables: Tables, key: Asker, part: number): Limit {
  const whole = rule.burst ?? rule.quota
  const fineness = (whole * rule.windowSeconds) / rule.quota <= fineSecondsMax ? 'fine' : 'coarse'
  const perMs = ticksPerMs[fineness]
  const burst = Math.max(1, Math.floor(whole * part))
  const step = Math.ceil((rule.windowSeconds * 1000 * perMs) / (rule.quota * part)) // never more than the rule lets in
  const tolerance = step * (burst - 1)
  return {
    rule,
    table: tables[fineness],
    ticksPerMs: perMs,
    step,
    tolerance,
    burst,
    low: key.low,
    high: key.high,
    policy: `"${rule.name}";q=${rule.quota};w=${rule.windowSeconds}`,
    mode: 'here',
    shareStep: step,
    shareTolerance: tolerance,
  }
}

/** Of a host's even share of a burst, what it lets in without telling the others; of a strict rule, all that it lets in while it cannot tell them. */
const quietPart = 1 / 4
/** A limit with less than that to let in quietly is asked about for each request. */
const quietMin = 8

/** Gives this host its share of a limit: among so many hosts, and whether they can talk. */
export function share(limit: Limit, hosts: number, together: boolean): void {
  const quiet = (limit.burst / hosts) * quietPart
  const isAsked = limit.rule.strict || quiet < quietMin
  if (hosts === 1) set(limit, 'here', 1, limit.burst)
  else if (together && isAsked) set(limit, 'asked', 1, limit.burst)
  else if (together) set(limit, 'leased', hosts, quiet)
  else if (limit.rule.strict) set(limit, 'here', hosts / quietPart, quiet)
  else set(limit, 'here', hosts, limit.burst / hosts)
}

function set(limit: Limit, mode: Mode, slower: number, burst: number): void {
  limit.mode = mode
  limit.shareStep = Math.ceil(limit.step * slower)
  limit.shareTolerance = limit.shareStep * (Math.max(1, Math.floor(burst)) - 1)
}

/** Takes one of this host's share. @param atMs of the tables' clock. Answers as `Table.take` does. */
export function take(limit: Limit, asker: Asker, atMs: number): number {
  const now = Math.floor(atMs * limit.ticksPerMs)
  return limit.table.take(asker.low ^ limit.low, asker.high ^ limit.high, now, limit.shareStep, limit.shareTolerance)
}

/** So many ticks until the others would let them in, as they said last; 0 or less: ask them. */
export function waitOf(limit: Limit, asker: Asker, atMs: number): number {
  const now = Math.floor(atMs * limit.ticksPerMs)
  return limit.table.backlog(asker.low ^ limit.low, asker.high ^ limit.high, now) - limit.tolerance
}
/** The others said no: nobody asks them again until so many milliseconds of backlog are worked off. */
export function deny(limit: Limit, asker: Asker, atMs: number, backlogMs: number): void {
  const now = Math.floor(atMs * limit.ticksPerMs)
  const arrival = now + Math.ceil(backlogMs * limit.ticksPerMs)
  limit.table.raise(asker.low ^ limit.low, asker.high ^ limit.high, now, arrival)
}
