import { z } from 'zod'
import { type Face, faces } from './faces.ts'
import { createPathTree, type PathTree } from './path-tree.ts'
import { type Route, routeClasses, routeFor } from './route.ts'

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const segments = /^(\/[^/\s?#]+)*(\/|\/\*\*)$|^(\/[^/\s?#]+)+$/

/** What an operator says of a route, or of all below a path, in place of what it is by its document. */
const amendment = z
  .strictObject({
    face: z.enum(faces),
    /** As the documents write it: `*` or `{name}` stands for one segment, a final `**` for the rest. One that names the method counts before one for all, and of these the closest. */
    path: z.string().max(200).regex(segments, 'It is no path of a route.'),
    /** All, where none is named. */
    method: z.enum(methods).optional(),
    class: z.enum(routeClasses).optional(),
    bodyBytesMax: z.int().positive().optional(),
    trySeconds: z.number().min(0.1).max(120).optional(),
    /** Nobody is let in there: 503. */
    closed: z.boolean().default(false),
  })
  .refine(({ path }) => !`${path}/`.startsWith('/edge/'), 'What the edge answers itself cannot be amended.')
export type Amendment = z.infer<typeof amendment>

export const amendments = z
  .array(amendment)
  .max(500)
  .default([])
  .refine(
    (all) => new Set(all.map(({ face, path, method }) => `${face} ${method} ${path}`)).size === all.length,
    'Two amendments are of the same route.',
  )

export type Amendments = {
  /** A route as it is amended; mostly as it was. */
  of(route: Route, face: Face, method: string, path: string): Route
}

export function openAmendments(all: readonly Amendment[]): Amendments {
  if (all.length === 0) return { of: (route) => route }
  const trees = new Map<string, PathTree<(route: Route) => Route>>()
  const treeOf = (face: Face, method: string) => trees.get(`${face} ${method}`)
  for (const each of all) {
    const { face, method = 'any' } = each
    const tree = treeOf(face, method) ?? createPathTree()
    trees.set(`${face} ${method}`, tree)
    tree.at(each.path, () => amendedOnce(each))
  }
  return {
    of(route, face, method, path) {
      const its = method === 'HEAD' ? 'GET' : method
      const amend = treeOf(face, its)?.find(path) ?? treeOf(face, 'any')?.find(path)
      return amend === undefined ? route : amend(route)
    },
  }
}

/** Each route is made once: there are as many as documents name, and one for each class. */
function amendedOnce(said: Amendment): (route: Route) => Route {
  const made = new Map<Route, Route>()
  return (route) => {
    const known = made.get(route) ?? amended(route, said)
    made.set(route, known)
    return known
  }
}

function amended(route: Route, said: Amendment): Route {
  const { contract } = route
  const pattern = contract ? route.pattern : said.path // of what no document names, it is the label
  const bytesMax = said.bodyBytesMax
  return {
    ...routeFor(
      pattern,
      said.class ?? route.class,
      contract && bytesMax !== undefined ? { ...contract, bytesMax } : contract,
      said.trySeconds ?? (said.class ? undefined : route.trySeconds),
    ),
    closed: said.closed,
  }
}
