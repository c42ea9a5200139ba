import { readFileSync } from 'node:fs'
import { connect, createSecureContext } from 'node:tls'

/** Opens connections, asks once over each, says so, and keeps them until it is ended. */
const [port, count, path, ca] = process.argv.slice(2) as [string, string, string, string]
const atOnce = 32
const secureContext = createSecureContext({ ca: readFileSync(ca), minVersion: 'TLSv1.3' })

let opened = 0
const kept: unknown[] = []
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    while (opened < Number(count)) {
      opened++
      kept.push(await open())
    }
  }),
)
console.log('open')
setInterval(() => kept.length, 1000)

function open(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', servername: 'localhost', secureContext })
    socket.once('secureConnect', () => socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`))
    socket.once('data', () => resolve(socket))
    socket.once('error', reject)
    socket.once('close', () => {
      console.error('a connection was closed')
      process.exit(1)
    })
  })
}
