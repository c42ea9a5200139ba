import type { RequestHead } from '../listen/exchange.ts'
import { type Problem, problem } from '../problem.ts'
import { nameOf } from './names.ts'

const versions = new Set(['1.1', '2'])
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])
/** A body of these means nothing, and who reads it differs from who does not. */
export const bodyless: ReadonlySet<string> = new Set(['GET', 'HEAD'])
/** Of names, not of bytes; no browser sends half as many. */
const headersMax = 100
/** Who named another header here would have it read by one hop and not by the next; TE is among them for trailers, which nobody gets here. */
const ofThisHop = /^(?:(?:close|keep-alive|upgrade|te)(?:[ \t]*,[ \t]*|$))*$/i
/** Of most targets: plain segments, none of which begins with a dot, and a plain query. */
const plainTarget = /^(?:\/|(?:\/[\w~-][\w.~-]*)+\/?)(?:\?[\w.~=&-]*)?$/

/**
 * One strict reading of a request before anything is forwarded. Decides on the raw headers, because Node's parsed ones
 * have already chosen among duplicates. Answers what is wrong, or undefined.
 */
export function inspect(
  head: RequestHead,
  limits: { targetBytesMax: number; bodyBytesMax: number },
): Problem | undefined {
  if (!versions.has(head.version)) return bad('edge.http_version', 'Speak HTTP/1.1 or HTTP/2.')
  if (!methods.has(head.method)) return problem(405, 'edge.method', 'This method is not taken here.')
  return inspectTarget(head.target, limits.targetBytesMax) ?? inspectHeaders(head, limits.bodyBytesMax)
}

/** The target is the one canonical form of a path, so that what is routed is what is forwarded. */
export function inspectTarget(target: string, bytesMax: number): Problem | undefined {
  if (target.length > bytesMax)
    return problem(414, 'edge.target_too_long', `An address has at most ${bytesMax} characters.`)
  if (plainTarget.test(target)) return undefined
  const [path = '', ...queries] = target.split('?')
  const sound =
    path.startsWith('/') &&
    queries.length <= 1 &&
    /^[\x21-\x7e]*$/.test(target) &&
    !/[\\#"<>^`{|}]/.test(target) &&
    !/%(?![0-9a-f]{2})/i.test(target) &&
    !/%(0[0-9a-f]|1[0-9a-f]|7f|2f|5c)/i.test(path) &&
    !/%(2[de]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5f|7e)/i.test(path) && // written out, they would be another word for the same route (RFC 3986, 2.3)
    !/%(00|0a|0d)/i.test(target) &&
    !path.includes('//') &&
    !path.split('/').some((segment) => segment === '.' || segment === '..')
  return sound ? undefined : bad('edge.target', 'The address is not in the one form that is taken here.')
}

function inspectHeaders({ method, rawHeaders: raw }: RequestHead, bodyBytesMax: number): Problem | undefined {
  if (raw.length > 2 * headersMax) return problem(431, 'edge.headers_too_large', 'There are too many headers.')
  let seen = 0
  let host: string | undefined
  let length: string | undefined
  let encoding: string | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = nameOf(raw[i] ?? '')
    const value = raw[i + 1] ?? ''
    if (name === undefined) return bad('edge.header_name', 'A header name is not taken here.')
    if (!/^[\t\x20-\x7e]*$/.test(value)) return bad('edge.header_value', 'Header values are visible ASCII.')
    if ((seen & name.once) !== 0) return bad('edge.header_twice', `The header ${name.text} stands twice.`)
    seen |= name.once
    if (name.text === 'connection' && !ofThisHop.test(value))
      return bad('edge.connection', 'Connection names what belongs to this connection, and no other header.')
    if (name.text === 'host') host = value
    else if (name.text === 'content-length') length = value
    else if (name.text === 'transfer-encoding') encoding = value
  }
  if (host === undefined || !/^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])(:\d{1,5})?$/i.test(host))
    return bad('edge.host', 'The Host header names one host.')
  return inspectFraming(method, length, encoding, bodyBytesMax)
}

function inspectFraming(
  method: string,
  length: string | undefined,
  encoding: string | undefined,
  bodyBytesMax: number,
): Problem | undefined {
  if (encoding !== undefined && length !== undefined)
    return bad('edge.framing', 'The length of the body can be read in two ways.')
  if (length !== undefined && !/^(0|[1-9]\d{0,15})$/.test(length))
    return bad('edge.framing', 'The length of the body is not a number.')
  if (bodyless.has(method) && (encoding !== undefined || (length !== undefined && length !== '0')))
    return unexpectedBody()
  // What stands between chunks (extensions, trailers) the parser does not tell: bodies say their length first (RFC 9110, 15.5.12).
  if (encoding !== undefined)
    return problem(411, 'edge.length_required', 'Say the length of the body in Content-Length; chunks are not taken.')
  if (Number(length ?? 0) > bodyBytesMax)
    return problem(413, 'edge.body_too_large', `A body has at most ${bodyBytesMax} bytes.`)
  return undefined
}

export function unexpectedBody(): Problem {
  return bad('edge.unexpected_body', 'This request has no body.')
}

function bad(code: string, detail: string): Problem {
  return problem(400, code, detail)
}
