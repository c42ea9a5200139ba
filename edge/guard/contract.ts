import type { Exchange, RequestHead } from '../listen/exchange.ts'
import { type Problem, problem } from '../problem.ts'
import type { Route } from '../route.ts'
import { unexpectedBody } from './gate.ts'

/** No documented body is near this deep; a core refuses deeper ones, too. */
const usualDepthMax = 32
/** An address of a route without a query is no longer than this. */
const pathBytesMax = 512
const jsonTypes: ReadonlySet<string> = new Set(['application/json', 'application/json; charset=utf-8'])

/** How large a body of a route may be: what its document says, within what any may be. */
export function bodyBytesMaxOf({ contract }: Route, bytesMax: number): number {
  return Math.min(bytesMax, contract?.bytesMax ?? bytesMax)
}

/** An address, or headers, longer than the route can need. */
export function inspectSize(
  route: Route,
  { target, rawHeaders }: Pick<RequestHead, 'target' | 'rawHeaders'>,
): Problem | undefined {
  if (route.contract !== undefined && !route.contract.query && target.length > pathBytesMax)
    return problem(414, 'edge.target_too_long', `This address has at most ${pathBytesMax} characters.`)
  let bytes = 0
  for (let i = 0; i < rawHeaders.length; i++) bytes += (rawHeaders[i] as string).length
  if (bytes <= route.headerBytesMax) return undefined
  return problem(431, 'edge.headers_too_large', `The headers of this have at most ${route.headerBytesMax} bytes.`)
}

/**
 * Holds a body to what its route documents: content type and depth. Partners send events as they like, which are read by who verifies their
 * signature. @param documentedOnly a body for what no document names is refused
 */
export function inspectBody(
  exchange: Exchange,
  route: Route,
  body: Buffer,
  documentedOnly: boolean,
): Problem | undefined {
  if (body.length === 0) return undefined
  const { contract } = route
  if (contract === undefined)
    return documentedOnly && !exchange.target.startsWith('/oauth/')
      ? problem(404, 'edge.no_route', 'There is nothing here that takes a body.')
      : undefined
  if (contract.types === undefined) return exchange.face === 'partner' ? undefined : unexpectedBody()
  const type = exchange.header('content-type')?.toLowerCase()
  if (type === undefined || !(jsonTypes.has(type) || contract.types.includes(type)))
    return problem(415, 'edge.content_type', `Send the request as ${contract.types.join(' or ')}.`)
  if (!isWithinDepth(body, contract.depthMax ?? usualDepthMax))
    return problem(400, 'edge.body_too_deep', 'The body is nested too deeply.')
  return undefined
}

const [quote, backslash, openBrace, openBracket, closeBrace, closeBracket] = Buffer.from('"\\{[}]') as Uint8Array

/** Of JSON, whether well formed or not: how many objects and arrays stand in each other at most. */
export function isWithinDepth(json: Buffer, depthMax: number): boolean {
  let depth = 0
  let isText = false
  for (let i = 0; i < json.length; i++) {
    const byte = json[i]
    if (isText) {
      if (byte === backslash) i++
      else if (byte === quote) isText = false
    } else if (byte === quote) isText = true
    else if (byte === openBrace || byte === openBracket) {
      if (++depth > depthMax) return false
    } else if (byte === closeBrace || byte === closeBracket) depth--
  }
  return true
}
