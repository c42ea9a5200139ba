import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { getRequestListener } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import * as pki from '#pki'
import type { Config } from './config.ts'
import type { FaceEnv } from './face.ts'
import type { Tls } from './tls.ts'

/**
 * Opens a private listener: TLS 1.3 with a client certificate of the appliance's own authority, not taken back, and only
 * an edge's. A renewed certificate or a new revocation list holds from the next connection on. Keeps idle connections longer
 * than the edge does, so that the edge is the one who closes.
 */
export async function listenFace(
  config: Config,
  tls: Tls,
  address: { host: string; port: number },
  app: OpenAPIHono<FaceEnv>,
): Promise<Server> {
  const server = createServer(
    {
      ...tls.current(),
      requestCert: true,
      rejectUnauthorized: true,
      maxHeaderSize: config.limits.headerBytesMax,
      requestTimeout: config.limits.requestSecondsMax * 1000,
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: 1000,
    },
    getRequestListener(app.fetch),
  )
  tls.onChange(() => server.setSecureContext(tls.current()))
  server.on('secureConnection', (socket: TLSSocket) => {
    if (pki.roleOf(socket.getPeerCertificate().subjectaltname) !== 'edge') socket.destroy()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(address.port, address.host, resolve)
  })
  return server
}

/** Stops taking connections, lets what is in flight finish, then closes hard. */
export async function drain(servers: readonly Server[], secondsMax: number): Promise<void> {
  const hard = setTimeout(() => {
    for (const server of servers) server.closeAllConnections()
  }, secondsMax * 1000)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  clearTimeout(hard)
}
