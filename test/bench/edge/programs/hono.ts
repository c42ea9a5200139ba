import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { proxy } from 'hono/proxy'
import { Agent, fetch } from 'undici'
import { logged, newRequestId, origin, poolOptions, serve } from './front.ts'

const dispatcher = new Agent(poolOptions)
const throughAgent = ((request: Request) =>
  fetch(request.url, {
    method: request.method,
    headers: [...request.headers],
    body: request.body,
    duplex: 'half',
    dispatcher,
  } as Parameters<typeof fetch>[1])) as unknown as typeof globalThis.fetch

const app = new Hono<{ Bindings: HttpBindings }>()
app.all('*', (c) => {
  const { incoming, outgoing } = c.env
  const requestId = newRequestId()
  logged(incoming, outgoing as Parameters<typeof logged>[1], requestId)
  return proxy(`${origin}${incoming.url}`, {
    raw: c.req.raw,
    headers: {
      ...c.req.header(),
      'x-request-id': requestId,
      'x-forwarded-for': incoming.socket.remoteAddress ?? '',
    },
    customFetch: throughAgent,
  })
})
serve(getRequestListener(app.fetch, { overrideGlobalObjects: false }))
