import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { Proofs } from './authority.ts'

/** The one thing that is said without TLS: what an authority looks for, and to everybody else where TLS is spoken. */
export function answerPlainly(names: readonly string[], httpsPort: number): { app: Hono; proofs: Proofs } {
  const contents = new Map<string, string>()
  const app = new Hono()
  app.get('/.well-known/acme-challenge/:token', (c) => {
    const content = contents.get(c.req.param('token'))
    return content === undefined ? c.text('There is nothing here.', 404) : c.text(content)
  })
  app.get('*', (c) => {
    const { hostname, pathname, search } = new URL(c.req.url)
    if (!names.includes(hostname)) return c.text('This is not served here.', 421)
    return c.redirect(`https://${hostname}${httpsPort === 443 ? '' : `:${httpsPort}`}${pathname}${search}`, 308)
  })
  return {
    app,
    proofs: {
      async put({ token, content }) {
        contents.set(token, content)
      },
      async remove({ token }) {
        contents.delete(token)
      },
    },
  }
}

/** @throws Error when the port is taken */
export function listenPlainly(app: Hono, { host, port }: { host: string; port: number }): Promise<Server> {
  const server = createServer(
    {
      headersTimeout: 5000,
      requestTimeout: 5000,
      keepAliveTimeout: 1000,
      connectionsCheckingInterval: 1000,
      maxHeaderSize: 8192,
    },
    getRequestListener(app.fetch, { overrideGlobalObjects: false }),
  )
  server.maxRequestsPerSocket = 10
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve(server))
  })
}
