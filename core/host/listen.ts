import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { getRequestListener } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Config } from './config.ts'
import type { FaceEnv } from './face.ts'

const edgeName = 'edge.countroom.internal'

/**
 * Opens a private listener: TLS 1.3 with a client certificate of the appliance's own CA, and only the edge's. Keeps
 * idle connections longer than the edge does, so that the edge is the one who closes.
 */
export async function listenFace(
  config: Config,
  address: { host: string; port: number },
  app: OpenAPIHono<FaceEnv>,
): Promise<Server> {
  const server = createServer(
    {
      key: readFileSync(config.tls.key),
      cert: readFileSync(config.tls.cert),
      ca: readFileSync(config.tls.ca),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.3',
      maxHeaderSize: config.limits.headerBytesMax,
      requestTimeout: config.limits.requestSecondsMax * 1000,
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: 1000,
    },
    getRequestListener(app.fetch),
  )
  server.on('secureConnection', (socket: TLSSocket) => {
    if (!isEdge(socket)) socket.destroy()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  })
  return server
}

function isEdge(socket: TLSSocket): boolean {
  const names = socket.getPeerCertificate().subjectaltname ?? ''
  return names.split(', ').includes(`DNS:${edgeName}`)
}

/** Stops taking connections, lets what is in flight finish, then closes hard. */
export async function drain(servers: readonly Server[], secondsMax: number): Promise<void> {
  const hard = setTimeout(() => {
    for (const server of servers) server.closeAllConnections()
  }, secondsMax * 1000)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  clearTimeout(hard)
}
