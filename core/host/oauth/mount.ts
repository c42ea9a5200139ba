import type { IncomingMessage, ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { FaceContext } from '../face.ts'
import type { Host } from '../host.ts'
import { forgetTakenBack } from './certificate.ts'
import { oauthPath } from './issuers.ts'
import type { OAuth } from './oauth.ts'

/**
 * Lets the library answer on Node's own request and response. It is told the address of the face and no other, whatever name a
 * stranger asked under; the sign-on of an app is never resumed by a cookie: who signs on is who is signed in at the desk.
 */
export async function answerByLibrary(host: Host, oauth: OAuth, issuer: string, c: FaceContext): Promise<Response> {
  const { incoming, outgoing } = c.env as { incoming: IncomingMessage; outgoing: ServerResponse }
  const provider = await oauth.current()
  const answer = provider.callback()
  await forgetTakenBack(host, incoming.headers)
  prepare(incoming, issuer)
  await answer(incoming, outgoing)
  return RESPONSE_ALREADY_SENT
}

/** What the library reads of a request, also where it is asked about an interaction. */
export function prepare(incoming: IncomingMessage, issuer: string): void {
  const { host } = new URL(issuer)
  incoming.headers['x-forwarded-proto'] = 'https'
  incoming.headers['x-forwarded-host'] = host
  incoming.headers.cookie = incoming.headers.cookie
    ?.split('; ')
    .filter((cookie) => !cookie.startsWith('__Host-oauth'))
    .join('; ')
  const request = incoming as IncomingMessage & { originalUrl?: string }
  request.originalUrl ??= incoming.url ?? ''
  if (incoming.url?.startsWith(oauthPath)) incoming.url = incoming.url.slice(oauthPath.length) || '/'
}
