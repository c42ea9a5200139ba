import { readFileSync } from 'node:fs'
import { type ConnectionOptions, connect } from 'node:tls'

/** Shakes hands over and over, with one session or with none, and prints how often. */
const [port, seconds, kind, ca] = process.argv.slice(2) as [string, string, 'full' | 'resumed', string]
const atOnce = 16

const options: ConnectionOptions = {
  port: Number(port),
  host: '127.0.0.1',
  servername: 'localhost',
  ca: readFileSync(ca),
  minVersion: 'TLSv1.3',
  ALPNProtocols: ['http/1.1'],
}
const session = kind === 'resumed' ? await ticket() : undefined
const endMs = performance.now() + Number(seconds) * 1000
let shaken = 0
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    while (performance.now() < endMs) {
      await shake()
      shaken++
    }
  }),
)
console.log(JSON.stringify({ shaken }))

function shake(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...options, ...(session ? { session } : {}) }, () => {
      if (socket.isSessionReused() !== (session !== undefined)) reject(new Error(`this was no ${kind} handshake`))
      socket.end()
    })
    socket.resume()
    socket.once('close', () => resolve())
    socket.once('error', reject)
  })
}

/** In TLS 1.3 a ticket comes after the handshake. */
function ticket(): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(options)
    socket.once('error', reject)
    socket.once('session', (given: Buffer) => {
      socket.destroy()
      resolve(given)
    })
  })
}
