import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Face } from './faces.ts'
import { createPathTree } from './path-tree.ts'

/**
 * What kind of work a request is, from the most to the least important: what is shed first stands last. Limits, breakers, shedding, deadlines
 * and metrics go by it.
 */
export const routeClasses = [
  'settle', // ends what is open: moves of a round, news of a payment
  'withdrawal',
  'bet',
  'deposit',
  'sign-in',
  'code', // one-time codes: asked for or shown
  'change', // any other change
  'read',
  'page', // pages and what they load
  'report', // long lists, files for downloading
] as const
export type RouteClass = (typeof routeClasses)[number]

/** How long one core may take over a request of a class before another is asked; 5 seconds, where nothing stands. */
const trySeconds: Partial<Record<RouteClass, number>> = { report: 30, page: 10, withdrawal: 10, deposit: 10 }
/** A round that is open goes on best where it began. */
const sticky: ReadonlySet<RouteClass> = new Set(['settle', 'bet'])
/**
 * Names and values of all headers, in bytes: what a browser and two cookies of ours need, four times over. Signing in may show the token of another
 * server besides, and then only the listener's own limit holds.
 */
const headerBytesMax = 8 * 1024
const headerBytesMaxOf: Partial<Record<RouteClass, number>> = { 'sign-in': Number.POSITIVE_INFINITY }
/** Moves money: goes to a core by connections that nothing else goes by. */
const money: ReadonlySet<RouteClass> = new Set(['settle', 'withdrawal', 'bet', 'deposit'])
/** Answered so soon that others of the class may wait behind it on one connection. */
const quick: ReadonlySet<RouteClass> = new Set(['settle', 'bet', 'read'])

/**
 * What a route documents of what it is asked: the content types of its body, none where it takes none; how large and deep the body can be; and
 * whether there is a query.
 */
type Contract = {
  readonly types?: readonly string[]
  readonly bytesMax?: number
  readonly depthMax?: number
  readonly query?: true
}

/** `pattern` is the label of a route in logs and metrics: there are as many as routes, however many paths there are. */
export type Route = {
  readonly pattern: string
  readonly class: RouteClass
  /** Of its class in `routeClasses`, for arrays of numbers. */
  readonly index: number
  readonly trySeconds: number
  readonly sticky: boolean
  readonly quick: boolean
  readonly money: boolean
  readonly headerBytesMax: number
  /** Undefined for what no document names. */
  readonly contract: Contract | undefined
}

export type Routes = {
  /** The route of a request; `path` without its query. For what no document names, one by the method alone. */
  of(face: Face, method: string, path: string): Route
}

/** The class of a route, where its method does not say it already. The first that fits counts. */
const classes: ReadonlyArray<readonly [RouteClass, 'GET' | 'POST' | 'any', ...string[]]> = [
  ['settle', 'POST', '/api/rounds/*/moves', '/api/gateways/*/events', '/api/carriers/*/receipts'],
  [
    'bet',
    'POST',
    '/api/games/*/rounds',
    '/api/games/*/fair-rounds',
    '/api/games/*/free-rounds',
    '/api/free-rounds/moves',
  ],
  ['withdrawal', 'POST', '/api/withdrawals'],
  ['deposit', 'POST', '/api/deposits'],
  [
    'code',
    'POST',
    '/api/sessions/code',
    '/api/sessions/step-up/code',
    '/api/password-resets/**',
    '/api/email/confirmation',
  ],
  [
    'code',
    'POST',
    '/api/registrations/code',
    '/api/registrations/confirmation',
    '/api/factors/phones',
    '/api/factors/phones/**',
  ],
  ['code', 'POST', '/api/factors/apps/*/confirmation', '/api/enrolments/use', '/api/pki/enrolments/use'],
  ['sign-in', 'POST', '/api/sessions', '/api/sessions/**', '/api/registrations', '/api/password-resets', '/oauth/**'],
  [
    'report',
    'GET',
    '/api/statement',
    '/api/statement.csv',
    '/api/rounds',
    '/api/players/*/statement',
    '/api/players/*/statement.csv',
  ],
  [
    'report',
    'GET',
    '/api/players/*/rounds',
    '/api/players/*/rounds.csv',
    '/api/rounds.csv',
    '/api/house/entries.csv',
    '/api/games/performance',
    '/api/games/performance.csv',
  ],
  ['report', 'GET', '/api/games/returns', '/api/audit', '/api/audit/log/**', '/api/books/**'],
  ['report', 'any', '/api/data-export'],
  ['read', 'GET', '/api/**', '/oauth/**', '/pki/**'],
  ['page', 'GET', '/**'],
]

type Documented = Record<Face, Record<string, Record<string, Contract>>>

/** Every route that the cores document, written from their OpenAPI documents (`test/edge/contract.test.ts`). */
const file = join(import.meta.dirname, 'contract.json')

export function openRoutes(): Routes {
  const documented = JSON.parse(readFileSync(file, 'utf8')) as Documented
  const classOf = openClasses()
  const trees = Object.fromEntries(
    Object.entries(documented).map(([face, paths]) => {
      const tree = createPathTree<Map<string, Route>>()
      for (const [pattern, methods] of Object.entries(paths))
        for (const [method, contract] of Object.entries(methods))
          tree.at(pattern, () => new Map()).set(method, routeFor(pattern, classOf(method, pattern), contract))
      return [face, tree]
    }),
  ) as Record<Face, ReturnType<typeof createPathTree<Map<string, Route>>>>
  const others = new Map<string, Route>()
  return {
    of: (face, method, path) => trees[face].find(path)?.get(method === 'HEAD' ? 'GET' : method) ?? other(method, path),
  }

  /** What no document names: pages, files, and nothing. */
  function other(method: string, path: string): Route {
    const found = classOf(method, path)
    const known = others.get(found)
    if (known) return known
    const route = routeFor(`(${found})`, found, undefined)
    others.set(found, route)
    return route
  }
}

function routeFor(pattern: string, found: RouteClass, contract: Contract | undefined): Route {
  return {
    pattern,
    class: found,
    index: routeClasses.indexOf(found),
    trySeconds: trySeconds[found] ?? 5,
    sticky: sticky.has(found),
    quick: quick.has(found),
    money: money.has(found),
    headerBytesMax: headerBytesMaxOf[found] ?? headerBytesMax,
    contract,
  }
}

function openClasses(): (method: string, path: string) => RouteClass {
  const tree = createPathTree<Map<string, RouteClass>>()
  for (const [name, method, ...patterns] of classes)
    for (const pattern of patterns) {
      const methods = tree.at(pattern, () => new Map())
      if (!methods.has(method)) methods.set(method, name)
    }
  return (method, path) => {
    const found = tree.find(path)
    return (
      found?.get(method === 'HEAD' ? 'GET' : method) ??
      found?.get('any') ??
      (method === 'GET' || method === 'HEAD' ? 'read' : 'change')
    )
  }
}

/** The path of a target, without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  return query === -1 ? target : target.slice(0, query)
}
