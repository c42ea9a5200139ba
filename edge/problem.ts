import type { ServerResponse } from 'node:http'

const titles: Record<number, string> = {
  400: 'The request is not valid',
  403: 'Not allowed',
  404: 'Not found',
  405: 'This method is not taken here',
  408: 'The request took too long to arrive',
  413: 'Too large',
  414: 'The address is too long',
  417: 'This expectation cannot be met',
  429: 'Too many requests',
  431: 'The headers are too large',
  502: 'The casino did not answer',
  503: 'Not available at the moment',
}

export type Problem = { status: number; code: string; detail: string }

export function problem(status: number, code: string, detail: string): Problem {
  return { status, code, detail }
}

/** RFC 9457, as the core writes it. */
export function bodyOf({ status, code, detail }: Problem, requestId: string): string {
  return JSON.stringify({
    type: `urn:countroom:problem:${code}`,
    title: titles[status] ?? 'Refused',
    status,
    detail,
    code,
    requestId,
  })
}

export function sendProblem(response: ServerResponse, found: Problem, requestId: string): void {
  if (response.headersSent) {
    response.destroy()
    return
  }
  const body = bodyOf(found, requestId)
  response.writeHead(found.status, {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-request-id': requestId,
    ...(found.status === 429 || found.status === 503 ? { 'retry-after': '1' } : {}),
    // What was refused may be followed by what it hid.
    ...(found.status === 400 || found.status === 413 ? { connection: 'close' } : {}),
  })
  response.end(body)
}
