import type { Face } from '../faces.ts'
import { type Route, routeClasses } from '../route.ts'
import type { Asker } from './asker.ts'
import { type Limit, limitOf, share, type Tables, take, waitOf } from './limit.ts'
import type { Rule } from './rules.ts'

/** Those a request is counted for; nobody, where it shows no such name. */
export type Askers = {
  network: Asker
  session: Asker | undefined
  /** Whose sign-in it is; the sign-in itself, as long as no core has told. */
  player: Asker | undefined
  /** There is nothing to ask a core. */
  isOwnerKnown: boolean
  token: Asker | undefined
}

/** What a request was told. One object for all requests: read it before the next is asked about. */
export type Verdict = {
  /** The limit it ran into. */
  refused: Limit | undefined
  /** So long until it would be let in. */
  waitMs: number
  /** Of the limits that count it, the one with the least left of its quota; the one that refused, if one did. */
  tightest: Limit | undefined
  remaining: number
  /** When there will be one more. */
  resetSeconds: number
  /** There are limits of it that only all hosts together decide. */
  asks: boolean
}

export type Limiter = {
  /** Decides on the spot, asking nobody. @param atMs of the tables' clock, `LimitMemory.sinceMs` */
  decide(face: Face, route: Pick<Route, 'index'>, askers: Askers, atMs: number): Verdict
  limitsOf(face: Face, route: Pick<Route, 'index'>): readonly Limit[]
  /** Gives this host its share. */
  share(hosts: number, together: boolean): void
}

/** What was lent to this host of a limit. */
export type Loans = {
  /** Takes one of what was lent; false when nothing is left. */
  use(limit: Limit, asker: Asker): boolean
  /** Tells how much an asker has used of the host's own share. */
  used(limit: Limit, asker: Asker, backlog: number): void
}

/** @param secret tells rules apart. @param part of each quota that is ours: 1 where all workers count together. @param onShadow hears of whom a rule in shadow would have refused */
export function createLimiter(options: {
  rules: readonly Rule[]
  tables: Tables
  secret: (name: string) => Asker
  part: number
  loans?: Loans | undefined
  onShadow: (rule: string) => void
}): Limiter {
  const { loans } = options
  const limits = options.rules.map((rule) => limitOf(rule, options.tables, options.secret(rule.name), options.part))
  const counting = (face: Face) =>
    routeClasses.map((name) =>
      limits.filter(
        ({ rule }) => rule.faces.includes(face) && (rule.classes === undefined || rule.classes.includes(name)),
      ),
    )
  const byFace = { player: counting('player'), operator: counting('operator'), partner: counting('partner') }
  const verdict: Verdict = {
    refused: undefined,
    waitMs: 0,
    tightest: undefined,
    remaining: 0,
    resetSeconds: 0,
    asks: false,
  }
  let least = 0
  return {
    limitsOf: (face, route) => byFace[face][route.index] as Limit[],
    share(hosts, together) {
      for (const limit of limits) share(limit, hosts, together)
    },
    decide(face, route, askers, atMs) {
      verdict.refused = undefined
      verdict.tightest = undefined
      verdict.asks = false
      least = 2
      const counted = byFace[face][route.index] as Limit[]
      for (let i = 0; i < counted.length; i++) {
        const limit = counted[i] as Limit
        const asker = askers[limit.rule.by]
        if (asker === undefined) continue
        const wait = limit.mode === 'asked' ? waitOf(limit, asker, atMs) : count(limit, asker, atMs)
        if (limit.mode === 'asked' && wait <= 0) verdict.asks = true
        if (wait <= 0) continue
        if (limit.rule.shadow) options.onShadow(limit.rule.name)
        else return refuse(limit, wait)
      }
      return verdict
    },
  }

  /** Ticks to wait; 0 when it was let in. */
  function count(limit: Limit, asker: Asker, atMs: number): number {
    const backlog = take(limit, asker, atMs)
    if (limit.mode === 'leased') {
      if (backlog < 0) return loans?.use(limit, asker) ? 0 : -backlog
      loans?.used(limit, asker, backlog)
    }
    if (backlog < 0) return -backlog
    if (!limit.rule.shadow) weigh(limit, backlog)
    return 0
  }

  function weigh(limit: Limit, backlog: number): void {
    const whole = limit.shareTolerance + limit.shareStep
    const left = whole - backlog
    if (left / whole >= least) return
    least = left / whole
    const remaining = Math.floor(left / limit.shareStep)
    tell(limit, remaining, (remaining + 1) * limit.shareStep - left)
  }

  function refuse(limit: Limit, waitTicks: number): Verdict {
    tell(limit, 0, waitTicks)
    verdict.refused = limit
    verdict.waitMs = waitTicks / limit.ticksPerMs
    return verdict
  }

  function tell(limit: Limit, remaining: number, resetTicks: number): void {
    verdict.tightest = limit
    verdict.remaining = remaining
    verdict.resetSeconds = Math.max(1, Math.ceil(resetTicks / limit.ticksPerMs / 1000))
  }
}
