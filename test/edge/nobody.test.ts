import { readFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EdgeLab, openEdgeLab } from '../support/edge-lab.ts'
import { host, lines } from './raw-requests.ts'

/** Who is gone before the edge has looked has no address, and bans, countries and limits go by addresses: so nothing is done for them. */
let lab: EdgeLab
beforeAll(async () => {
  lab = await openEdgeLab((_, response) => void response.end('{}'))
})
afterAll(() => lab?.stop())

const workers = () => readFileSync(`/proc/${lab.pid}/task/${lab.pid}/children`, 'latin1').trim().split(' ').map(Number)

test('the end of a handshake, a request and a reset that come at once: no core is asked', async () => {
  for (let round = 0; round < 3; round++) await askBlindly(`/blind-${round}`)
  expect(await lab.say(lines('GET /seen HTTP/1.1', host, 'connection: close'))).toMatch(/^HTTP\/1\.1 200 /)
  await new Promise((resolve) => setTimeout(resolve, 500))
  expect(lab.cores.flatMap((core) => core.asked.map(({ url }) => url))).toEqual(['/seen'])
})

/** Says everything behind the first message of the handshake while the workers stand still, and is gone when they go on. */
async function askBlindly(path: string): Promise<void> {
  const raw = connectPlain({ host: '127.0.0.1', port: lab.port }).on('error', () => {})
  const held: Buffer[] = []
  let first = true
  const under = new Duplex({
    read() {},
    write(chunk: Buffer, _, done) {
      if (first) raw.write(chunk)
      else held.push(chunk)
      first = false
      done()
    },
  })
  raw.on('data', (chunk) => under.push(chunk))
  const socket = connect({ socket: under, servername: 'localhost', ca: lab.ca, ALPNProtocols: ['http/1.1'] })
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('secureConnect', resolve))
  await new Promise((resolve) =>
    socket.write(`${lines(`POST ${path} HTTP/1.1`, host, 'content-length: 2')}{}`, resolve),
  )
  const still = workers()
  for (const pid of still) process.kill(pid, 'SIGSTOP')
  try {
    await new Promise((resolve) => raw.write(Buffer.concat(held), resolve))
    raw.resetAndDestroy()
    await new Promise((resolve) => setTimeout(resolve, 50))
  } finally {
    for (const pid of still) process.kill(pid, 'SIGCONT')
  }
  socket.destroy()
}
