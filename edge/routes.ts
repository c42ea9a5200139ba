import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Amendment, openAmendments } from './amendments.ts'
import type { Face } from './faces.ts'
import { createPathTree } from './path-tree.ts'
import { type Contract, type Route, type RouteClass, routeFor } from './route.ts'

export type Routes = {
  /** The route of a request; `path` without its query. For what no document names, one by the method alone. */
  of(face: Face, method: string, path: string): Route
  /** What is said of routes from now on, in place of what was said before. */
  amend(said: readonly Amendment[]): void
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

export function openRoutes(said: readonly Amendment[] = []): Routes {
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
  let amendments = openAmendments(said)
  return {
    of: (face, method, path) =>
      amendments.of(
        trees[face].find(path)?.get(method === 'HEAD' ? 'GET' : method) ?? other(method, path),
        face,
        method,
        path,
      ),
    amend(next) {
      amendments = openAmendments(next)
    },
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
