import { z } from 'zod'
import { type Face, faces } from './faces.ts'
import { type Route, type RouteClass, routeClasses, routeFor } from './route.ts'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

/** What an operator says of a route, or of all below a path, in place of what it is by its document. */
const amendment = z
  .strictObject({
    face: z.enum(faces),
    /** As the documents write it: `*` or `{name}` stands for one segment, a final `**` for the rest, also where there is none. */
    path: z.string().max(200).refine(isPattern, 'It is no path of a route.'),
    /** All, where none is named. */
    method: z.enum(methods).optional(),
    class: z.enum(routeClasses).optional(),
    /** Of a route that a document names, within `limits.bodyBytesMax`. */
    bodyBytesMax: z.int().positive().optional(),
    /** Within `limits.trySecondsMax`. */
    trySeconds: z.number().min(0.1).max(120).optional(),
    /** Nobody is let in there: 503. False opens what a wider one closed. */
    closed: z.boolean().optional(),
  })
  .refine(({ path }) => segmentsOf(path)[0] !== 'edge', 'What the edge answers itself cannot be amended.')
export type Amendment = z.infer<typeof amendment>

export const amendments = z
  .array(amendment)
  .max(100)
  .default([])
  .refine((all) => new Set(all.map(nameOf)).size === all.length, 'Two amendments are of the same route.')

export type Amendments = {
  /** A route as it is amended; mostly as it was. @param path without its query */
  of(route: Route, face: Face, method: string, path: string): Route
}

/** What signs in stays of its class: limits and friction of its own hold for it. */
const ofTheirOwn: ReadonlySet<RouteClass> = new Set(['sign-in', 'code'])

/** All that are of a route count, each in what it says: the nearer path before the wider, and of the same path the one that names the method. */
export function openAmendments(all: readonly Amendment[]): Amendments {
  if (all.length === 0) return { of: (route) => route }
  const fromWidest = all
    .map((said) => ({ said, segments: segmentsOf(said.path) }))
    .sort(
      (one, other) => nearness(one.segments, other.segments) || Number(!!one.said.method) - Number(!!other.said.method),
    )
  const made = new Map<Route, Map<string, Route>>()
  return {
    of(route, face, method, path) {
      const [, ...parts] = path.split('/')
      if (parts[0] === 'edge') return route
      const its = method === 'HEAD' ? 'GET' : method
      let name = ''
      let merged: Partial<Amendment> | undefined
      for (const [index, { said, segments }] of fromWidest.entries()) {
        if (said.face !== face || (said.method ?? its) !== its || !fits(segments, parts)) continue
        name += `${index} `
        merged = { ...merged, ...said }
      }
      return merged === undefined ? route : amendedOnce(route, name, merged)
    },
  }

  /** Each is made once: as many as there are routes, and for each as many as sets of amendments. */
  function amendedOnce(route: Route, name: string, said: Partial<Amendment>): Route {
    const known = made.get(route) ?? new Map<string, Route>()
    made.set(route, known)
    const found = known.get(name) ?? amended(route, said)
    known.set(name, found)
    return found
  }
}

function amended(route: Route, said: Partial<Amendment>): Route {
  const { contract } = route
  const its = said.class === undefined || ofTheirOwn.has(route.class) ? route.class : said.class
  const seconds = said.trySeconds ?? (its === route.class ? route.trySeconds : undefined)
  const bounded = contract && said.bodyBytesMax !== undefined ? { ...contract, bytesMax: said.bodyBytesMax } : contract
  return { ...routeFor(route.pattern, its, bounded, seconds), closed: said.closed === true }
}

function isPattern(path: string): boolean {
  const segments = segmentsOf(path)
  return (
    path.startsWith('/') &&
    segments.every((segment, index) => {
      if (segment === '**') return index === segments.length - 1
      return /^(?:\*|\{\w+\}|[\w.~-]+)$/.test(segment) || (segment === '' && segments.length === 1)
    })
  )
}

function segmentsOf(path: string): string[] {
  return path.split('/').slice(1)
}

function nameOf({ face, method, path }: Amendment): string {
  return `${face} ${method} ${segmentsOf(path)
    .map((segment) => (isAny(segment) ? '*' : segment))
    .join('/')}`
}

function fits(segments: readonly string[], parts: readonly string[]): boolean {
  const isOpen = segments.at(-1) === '**'
  const fixed = isOpen ? segments.length - 1 : segments.length
  if (isOpen ? parts.length < fixed : parts.length !== fixed) return false
  for (let i = 0; i < fixed; i++) if (!isAny(segments[i]!) && segments[i] !== parts[i]) return false
  return true
}

/** Below zero where the first is wider: the first segment in which they differ says so, the rest before any one, any one before a name. */
function nearness(one: readonly string[], other: readonly string[]): number {
  const rank = (segment: string | undefined) =>
    segment === '**' ? 0 : segment === undefined ? 1 : isAny(segment) ? 2 : 3
  for (let i = 0; i < Math.max(one.length, other.length); i++) {
    const found = rank(one[i]) - rank(other[i])
    if (found !== 0) return found
  }
  return 0
}

function isAny(segment: string): boolean {
  return segment === '*' || segment.startsWith('{')
}
