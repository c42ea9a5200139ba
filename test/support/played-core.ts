import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { WebSocketServer } from 'ws'

/**
 * A core that is played by a process of its own, so that it can be killed and stopped: `played-core.ts <folder> <name> <port>`. What it
 * does is written down in a journal that all played cores of the folder share, as the database would: under a key only the first does
 * something, and the others give its answer.
 */
const [, , dir = '', name = '', port = '0'] = process.argv
const tls = (file: string) => readFileSync(join(dir, 'tls', file))
const workMs = 2

const server = createServer(
  {
    cert: tls(`${name}.pem`),
    key: tls(`${name}.key`),
    ca: tls('ca.pem'),
    requestCert: true,
    rejectUnauthorized: true,
    keepAliveTimeout: 75_000,
  },
  (request, response) => {
    const answer = (status: number, body: object) => {
      const text = JSON.stringify(body)
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length }).end(text)
    }
    if (request.url === '/health/ready')
      return answer(200, { ready: true, now: performance.timeOrigin + performance.now() })
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const { ms = workMs } = (body ? JSON.parse(body) : {}) as { ms?: number }
      const late = Number(request.headers['x-deadline'] ?? Infinity) < performance.timeOrigin + performance.now()
      if (late) return answer(503, { code: 'request.late' })
      setTimeout(() => {
        if (request.method === 'GET') return answer(200, { core: name })
        const key = request.headers['idempotency-key']
        if (typeof key === 'string') return answer(200, { by: once(key) })
        appendFileSync(join(dir, 'journal/unkeyed'), `${body}\n`)
        answer(200, { by: name })
      }, ms)
    })
  },
)

/** Who did it: this core, unless another was first. */
function once(key: string): string {
  const file = join(dir, 'journal', key)
  try {
    writeFileSync(file, name, { flag: 'wx' })
    appendFileSync(join(dir, 'journal/applied'), `${key}\n`)
    return name
  } catch {
    return readFileSync(file, 'utf8')
  }
}

const sockets = new WebSocketServer({ server })
sockets.on('connection', (socket) => socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })))

server.listen(Number(port), '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('disconnect', () => process.exit())
process.on('SIGTERM', () => {
  for (const socket of sockets.clients) socket.close(1012)
  server.close(() => process.exit())
  server.closeIdleConnections()
})
