import type { RequestListener } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { getRequestListener } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import * as pki from '#pki'
import type { Config } from './config.ts'
import type { FaceEnv } from './face.ts'
import type { Management } from './management.ts'
import { patient } from './patience.ts'
import { watchPeers } from './peers.ts'
import type { Tls } from './tls.ts'

type Address = { host: string; port: number }
type Listening = { config: Pick<Config, 'limits'>; tls: Tls; address: Address; roles: readonly pki.Role[] }

/** Opens the listener of a face, for edges only. */
export function listenFace(config: Config, tls: Tls, address: Address, app: OpenAPIHono<FaceEnv>): Promise<Server> {
  const fetch = config.database.members ? patient(app.fetch, config.limits.bodyBytesMax) : app.fetch
  return listen({ config, tls, address, roles: ['edge'] }, getRequestListener(fetch))
}

/** What the management listener answers on loopback, for who collects metrics from another machine. */
export function listenScrape(config: Config, tls: Tls, address: Address, management: Management): Promise<Server> {
  return listen({ config, tls, address, roles: ['scraper'] }, getRequestListener(management.fetch))
}

/**
 * A private listener: TLS 1.3 with a client certificate of the appliance's own authority, not taken back, and of a role that
 * is let in. A renewed certificate holds from the next connection on, a revocation at once. Keeps idle connections longer
 * than the edge does, so that the edge is the one who closes.
 */
async function listen({ config, tls, address, roles }: Listening, answer: RequestListener): Promise<Server> {
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
    answer,
  )
  tls.onChange(() => server.setSecureContext(tls.current()))
  const watch = watchPeers(tls)
  server.on('secureConnection', (socket: TLSSocket) => {
    const role = pki.roleOf(socket.getPeerCertificate().subjectaltname)
    if (role === undefined || !roles.includes(role)) socket.destroy()
    else watch(socket)
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
