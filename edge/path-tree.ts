type Node<T> = {
  readonly named: Map<string, Node<T>>
  any: Node<T> | undefined
  value: T | undefined
  rest: T | undefined
}

/** Finds what was kept for a path, segment by segment: `*` or `{name}` stands for one, a final `**` for the rest. A name goes before `*`, both before the rest. */
export type PathTree<T> = {
  /** What stands at this very pattern; `make` gives it when nothing does. */
  at(pattern: string, make: () => T): T
  /** Of a path without its query. */
  find(path: string): T | undefined
}

export function createPathTree<T>(): PathTree<T> {
  const root = empty<T>()
  return {
    at(pattern, make) {
      let node = root
      for (const segment of pattern.split('/').slice(1)) {
        if (segment === '**') {
          node.rest ??= make()
          return node.rest
        }
        const next = isAny(segment) ? node.any : node.named.get(segment)
        const child: Node<T> = next ?? empty<T>()
        if (isAny(segment)) node.any = child
        else node.named.set(segment, child)
        node = child
      }
      node.value ??= make()
      return node.value
    },
    find: (path) => walk(root, path, 1),
  }
}

function walk<T>(node: Node<T>, path: string, from: number): T | undefined {
  if (from > path.length) return node.value
  const slash = path.indexOf('/', from)
  const end = slash === -1 ? path.length : slash
  const named = node.named.get(path.slice(from, end))
  const found = named && walk(named, path, end + 1)
  if (found !== undefined) return found
  if (node.any && end > from) {
    const other = walk(node.any, path, end + 1)
    if (other !== undefined) return other
  }
  return node.rest
}

function isAny(segment: string): boolean {
  return segment === '*' || segment.startsWith('{')
}

function empty<T>(): Node<T> {
  return { named: new Map(), any: undefined, value: undefined, rest: undefined }
}
