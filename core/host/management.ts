import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { collectDefaultMetrics, register } from 'prom-client'

export type Management = {
  port: number
  /** The same answers, for another listener. */
  fetch: Hono['fetch']
  close(): Promise<void>
}

/**
 * The plain listener for the machine's own people: liveness, readiness with the names of what is missing, and
 * metrics. It stands on the management network only.
 */
export async function startManagement(options: {
  host: string
  port: number
  name: string
  ready(): Promise<string[]>
}): Promise<Management> {
  collectDefaultMetrics({ labels: { process: options.name } })
  const app = new Hono()
  app.get('/health/live', (c) => c.json({ live: true }))
  app.get('/health/ready', async (c) => {
    const missing = await options.ready()
    return c.json({ ready: missing.length === 0, missing }, missing.length === 0 ? 200 : 503)
  })
  app.get('/metrics', async (c) => c.body(await register.metrics(), 200, { 'content-type': register.contentType }))
  const server = createServer(getRequestListener(app.fetch))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  return {
    port: (server.address() as { port: number }).port,
    fetch: app.fetch,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
