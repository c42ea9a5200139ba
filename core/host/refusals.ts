import { HTTPException } from 'hono/http-exception'
import { Refusal, type RefusalKind } from '#base'
import postgres from './driver.ts'

/** RFC 9457. */
export type Problem = {
  type: string
  title: string
  status: number
  detail: string
  code: string
  requestId: string
  [extension: string]: unknown
}

/** The one table from what a room says to what HTTP says. */
const statusOf: Record<RefusalKind, { status: number; title: string }> = {
  invalid: { status: 400, title: 'The request is not valid' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  forbidden: { status: 403, title: 'Not allowed' },
  absent: { status: 404, title: 'Not found' },
  conflict: { status: 409, title: 'The present state does not permit this' },
  refused: { status: 422, title: 'Declined' },
  throttled: { status: 429, title: 'Too many requests' },
  oversize: { status: 413, title: 'Too large' },
  unavailable: { status: 503, title: 'Not available at the moment' },
}

export function problemOf(error: unknown, requestId: string): Problem {
  const refusal = asRefusal(error)
  if (!refusal)
    return {
      type: 'urn:countroom:problem:host.defect',
      title: 'Something went wrong on our side',
      status: 500,
      detail: 'The request could not be completed. Nothing is lost; support can find it by its request id.',
      code: 'host.defect',
      requestId,
    }
  const { status, title } = statusOf[refusal.kind]
  return {
    ...refusal.detail,
    type: `urn:countroom:problem:${refusal.code}`,
    title,
    status,
    detail: refusal.message,
    code: refusal.code,
    requestId,
  }
}

export function problemResponse(problem: Problem): Response {
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }
  if (problem.status === 503 || problem.status === 429) headers['retry-after'] = String(problem.retryAfterSeconds ?? 1)
  return new Response(JSON.stringify(problem), { status: problem.status, headers })
}

/** A refusal as it is; a fault of the engines below as "not now"; undefined for a defect of ours. */
function asRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error
  if (error instanceof HTTPException && error.status < 500)
    return new Refusal('invalid', 'request.malformed', 'The request cannot be read.', undefined, error)
  if (isEngineAway(error))
    return new Refusal(
      'unavailable',
      'host.engine_away',
      'The casino is not reachable at the moment. Ask again with the same key.',
      undefined,
      error,
    )
  return undefined
}

const driverCodes = new Set(['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'CONNECT_TIMEOUT'])
const systemCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT'])
const serverCodes = new Set([
  '57P01',
  '57P02',
  '57P03',
  '53300',
  '53100',
  '53200',
  '08006',
  '08001',
  '25006',
  '40001',
  '40P01',
])

function isEngineAway(error: unknown): boolean {
  if (error instanceof postgres.PostgresError) return serverCodes.has(error.code)
  const { code, syscall } = (error ?? {}) as { code?: string; syscall?: string }
  return (
    code !== undefined &&
    (driverCodes.has(code) ||
      (systemCodes.has(code) && (syscall === 'connect' || syscall === 'read' || syscall === 'write')))
  )
}
