import type { Face } from '../faces.ts'
import type { Exchange } from '../listen/exchange.ts'
import * as metrics from '../metrics.ts'
import type { Problem } from '../problem.ts'
import type { Route } from '../route.ts'
import { pathOf, type Routes } from '../routes.ts'
import { maskOf } from '../visitors/network-list.ts'
import type { AccessLog } from './access-log.ts'

type Answered = Pick<Exchange, 'face' | 'method' | 'requestId' | 'startedMs' | 'target'>

/** Whom an answer without a core goes to, and for what; without a method where no request could be read. */
type Refused = Pick<Exchange, 'face' | 'requestId' | 'address'> & Partial<Pick<Exchange, 'method' | 'target'>>

/** What became of all that came in, counted, and logged where there is a log. */
export type Accounts = {
  /** A core answered, or could not. `network` as a log may tell it. Answers how many seconds it took. */
  answered(
    what: Answered,
    route: Route,
    network: string,
    by: { core: string; status: number; tries: number },
    trace?: string,
  ): number
  /** It was answered and not let in. */
  refused(what: Refused, found: Problem): void
  /** A connection from a network that the face is not open to. */
  turnedAway(face: Face, address: string): void
}

export function openAccounts(accesses: AccessLog | undefined, routes: Routes): Accounts {
  const strangers = rememberStrangers()
  return {
    answered({ face, method, requestId, startedMs, target }, route, network, { core, status, tries }, trace) {
      const seconds = (performance.now() - startedMs) / 1000
      metrics.countRequest(face, route, status, core, seconds)
      accesses?.note({
        requestId,
        listener: face,
        method,
        path: pathOf(target),
        route: route.pattern,
        class: route.class,
        network,
        trace,
        status,
        core,
        tries,
        ms: Math.round(seconds * 1000),
      })
      return seconds
    },
    refused({ face, requestId, address, method, target = '' }, { status, code }) {
      metrics.refusals.inc({ code })
      const routeClass = method ? routes.of(face, method, pathOf(target)).class : undefined
      accesses?.refused({ requestId, listener: face, class: routeClass, network: maskOf(address), status, code })
    },
    turnedAway(face, address) {
      metrics.refusals.inc({ code: 'edge.network_not_allowed' })
      const network = maskOf(address)
      if (strangers.isNews(`${face} ${network}`)) accesses?.turnedAway(face, network)
    },
  }
}

const newsMs = 60_000
const strangersMax = 1000

/** A network is logged once a minute, and so many within one: a connection costs nothing, and lines of it would push out what others did. */
function rememberStrangers(): { isNews(stranger: string): boolean } {
  const told = new Set<string>()
  let beganMs = 0
  return {
    isNews(stranger) {
      const now = performance.now()
      if (now - beganMs > newsMs) {
        told.clear()
        beganMs = now
      }
      if (told.size >= strangersMax || told.has(stranger)) return false
      told.add(stranger)
      return true
    },
  }
}
