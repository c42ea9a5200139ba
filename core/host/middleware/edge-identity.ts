import type { MiddlewareHandler } from 'hono'
import { newId } from '#base'
import type { FaceEnv } from '../face.ts'

/**
 * Who is really asking, as the edge tells it. The headers can be believed because only the edge's certificate gets
 * through the handshake (`serve.ts`), and the edge drops what strangers send under these names.
 */
export function edgeIdentity(): MiddlewareHandler<FaceEnv> {
  return async function edgeIdentity(c, next) {
    const { incoming, outgoing } = c.env
    const requestId = c.req.header('x-request-id') ?? newId('req')
    c.set('requestId', requestId)
    outgoing.setHeader('x-request-id', requestId)
    c.set('address', c.req.header('x-forwarded-for') ?? incoming.socket.remoteAddress ?? '')
    c.set('session', undefined)
    c.set('staff', undefined)
    c.set('client', undefined)
    await next()
  }
}
