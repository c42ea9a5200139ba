import type { Exchange } from './listen/exchange.ts'

const titles: Record<number, string> = {
  400: 'The request is not valid',
  403: 'Not allowed',
  404: 'Not found',
  405: 'This method is not taken here',
  408: 'The request took too long to arrive',
  413: 'Too large',
  414: 'The address is too long',
  415: 'This content is not taken here',
  417: 'This expectation cannot be met',
  428: 'Something is needed first',
  429: 'Too many requests',
  431: 'The headers are too large',
  502: 'The casino did not answer',
  503: 'Not available at the moment',
}

export type Problem = {
  status: number
  code: string
  detail: string
  /** Said besides in the head of the answer, flat, and in its body. */
  headers?: readonly string[]
  members?: Readonly<Record<string, unknown>>
}

export function problem(status: number, code: string, detail: string): Problem {
  return { status, code, detail }
}

export const tooSlow = problem(408, 'edge.too_slow', 'The request took too long to arrive.')

export const closedRoute: Problem = {
  ...problem(503, 'edge.route_closed', 'This is closed at the moment.'),
  headers: ['retry-after', '60'],
}

export const keptOut = problem(403, 'edge.banned', 'Nothing is served to your network.')

/** RFC 9457, as the core writes it. */
export function bodyOf({ status, code, detail, members }: Problem, requestId: string): string {
  return JSON.stringify({
    type: `urn:countroom:problem:${code}`,
    title: titles[status] ?? 'Refused',
    status,
    detail,
    code,
    requestId,
    ...members,
  })
}

/** What its answer says in its head, flat. */
export function headersOf({ status, headers: own }: Problem, body: string, requestId: string): string[] {
  const headers = ['content-type', 'application/problem+json', 'content-length', String(Buffer.byteLength(body))]
  headers.push('cache-control', 'no-store', 'x-request-id', requestId)
  if (own) headers.push(...own)
  else if (status === 429 || status === 503) headers.push('retry-after', '1')
  return headers
}

/** What was refused may be followed by what it hid, or by the rest of it. */
const lastOfConnection: ReadonlySet<number> = new Set([400, 408, 413])

export function sendProblem(exchange: Exchange, found: Problem): void {
  if (exchange.status > 0) {
    exchange.destroy()
    return
  }
  const body = bodyOf(found, exchange.requestId)
  exchange.respond(found.status, headersOf(found, body, exchange.requestId), lastOfConnection.has(found.status))
  exchange.end(body)
}
