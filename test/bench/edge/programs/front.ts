import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { Agent, createServer } from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import { pino } from 'pino'
import { cipherSuite, coreName, type Track } from '../track.ts'

/** What is the same for every proxy on Node: TLS towards players, mutual TLS towards the core, ids, a log in batches. */
const told = JSON.parse(process.argv[2]!) as Pick<Track, 'ca' | 'front' | 'edge' | 'originPort'> & {
  port: number
  log: string
}

export const { port } = told
export const origin = `https://127.0.0.1:${told.originPort}`

const connectionsMax = 64

export const frontTls = {
  cert: readFileSync(told.front.cert),
  key: readFileSync(told.front.key),
  minVersion: 'TLSv1.3' as const,
  ciphers: cipherSuite,
  ALPNProtocols: ['http/1.1'],
  keepAliveTimeout: 300_000,
}

export const coreTls = {
  ca: readFileSync(told.ca),
  cert: readFileSync(told.edge.cert),
  key: readFileSync(told.edge.key),
  servername: coreName,
  minVersion: 'TLSv1.3',
} satisfies ConnectionOptions

/** For libraries on undici. */
export const poolOptions = { connections: connectionsMax, pipelining: 1, connect: coreTls, allowH2: false }

/** For libraries on `node:https`. */
export const agent = new Agent({ ...coreTls, keepAlive: true, maxSockets: connectionsMax })

export const log = pino(pino.destination({ dest: told.log, sync: false, minLength: 4096 }))

export function newRequestId(): string {
  return randomUUID()
}

/** One line for each request, when its answer is out. */
export function logged(request: IncomingMessage, response: ServerResponse, requestId: string): void {
  const begunMs = performance.now()
  response.once('finish', () => {
    const { method, url } = request
    log.info({ requestId, method, path: url, status: response.statusCode, ms: Math.round(performance.now() - begunMs) })
  })
}

export function serve(listener: RequestListener): void {
  createServer(frontTls, listener).listen(port, '127.0.0.1', 4096)
}
