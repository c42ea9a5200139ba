import type { MiddlewareHandler } from 'hono'
import { Refusal } from '#base'
import type { FaceEnv } from '../face.ts'

const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * The defence against forged requests: what changes something must come from a page of ours (`Origin`, or
 * `Sec-Fetch-Site` where a browser sends no origin) and carry JSON, which no form can send. SameSite cookies are the
 * second line.
 */
export function sameOrigin(origin: string): MiddlewareHandler<FaceEnv> {
  const ours = new URL(origin).origin
  return async function sameOrigin(c, next) {
    if (safe.has(c.req.method)) return next()
    const from = c.req.header('origin')
    const site = c.req.header('sec-fetch-site')
    if (from === undefined ? site !== undefined && site !== 'same-origin' && site !== 'none' : from !== ours)
      throw new Refusal('forbidden', 'request.foreign_origin', 'This request did not come from a page of this casino.')
    const type = c.req.header('content-type')
    if (type === undefined ? hasBody(c.req.raw.headers) : !/^application\/json\s*(;\s*charset=utf-8\s*)?$/i.test(type))
      throw new Refusal('invalid', 'request.not_json', 'Send the request as application/json.')
    await next()
  }
}

function hasBody(headers: Headers): boolean {
  return headers.has('transfer-encoding') || Number(headers.get('content-length') ?? 0) > 0
}
