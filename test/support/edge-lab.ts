import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import type { EdgeSettings } from '../../edge/config.ts'
import { type LabAuthority, makeAuthority } from './lab-authority.ts'
import { freePort } from './port.ts'

const root = join(import.meta.dirname, '../..')

/** A request as a core was asked. */
export type Asked = { method: string; url: string; headers: string[]; body: string }

/** A core that answers what the test wants, and remembers what it was asked. */
type LabCore = { name: string; server: Server; port: number; asked: Asked[] }

export type EdgeLab = {
  dir: string
  port: number
  authority: LabAuthority
  ca: Buffer
  cores: LabCore[]
  /** Another connection to the player's face of the edge, as a stranger would make it. */
  open(options?: ConnectionOptions): Promise<TLSSocket>
  /** Writes bytes and answers all that comes until the other side closes or is silent. */
  say(bytes: string | Buffer, quietMs?: number): Promise<string>
  /** What all workers count. */
  metrics(): Promise<string>
  /** All that it has written so far. */
  log(): string
  pid: number
  stop(): Promise<void>
}

/** `also`: further sections of the edge's configuration. */
type LabOptions = {
  cores?: number
  workers?: number
  limits?: object
  also?: object
  /** Of the player's face; any that is free, where nothing is said. */
  port?: number
  /** Changes the configuration before the edge reads it. */
  adjust?: (config: EdgeSettings, authority: LabAuthority, dir: string) => void | Promise<void>
}

/** The edge as a process of its own, before cores that are played: an authority made on the spot, certificates, a configuration. */
export async function openEdgeLab(
  answer: (asked: Asked, response: import('node:http').ServerResponse) => void,
  { cores: count = 2, workers = 1, limits = {}, also = {}, port, adjust }: LabOptions = {},
): Promise<EdgeLab> {
  const dir = mkdtempSync(join(tmpdir(), 'cr-edge-'))
  const authority = await makeAuthority(dir)
  await authority.issue('edge', 'edge', ['edge.countroom.internal'])
  await authority.issue('public', 'public', ['localhost'])
  const cores = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const name = `core-${index + 1}`
      await authority.issue(name, 'core', [`${name}.countroom.internal`])
      return playCore(dir, name, answer)
    }),
  )
  const [player, operator, partner, metrics] = await Promise.all([
    port ?? freePort(),
    freePort(),
    freePort(),
    freePort(),
  ])
  const listener = (at: number) => ({ host: '127.0.0.1', port: at, ...authority.files('public') })
  const config: EdgeSettings = {
    name: 'edge',
    workers,
    tls: { ca: join(dir, 'tls/ca.pem'), crl: join(dir, 'tls/revoked.pem'), ...authority.files('edge') },
    listeners: { player: listener(player), operator: listener(operator), partner: listener(partner) },
    cores: cores.map(({ name, port }) => {
      const at = { host: '127.0.0.1', port }
      return { name, player: at, operator: at, partner: at }
    }),
    listen: { metrics: { host: '127.0.0.1', port: metrics } },
    limits,
    gate: { documentedOnly: false }, // played cores answer whatever they are asked
    log: { level: 'info' },
    ...also,
  }
  await adjust?.(config, authority, dir)
  writeFileSync(join(dir, 'edge.json'), JSON.stringify(config))
  const edge = spawn(
    process.execPath,
    ['--no-addons', join(root, 'edge/serve.ts'), '--config', join(dir, 'edge.json')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const ended = new Promise((resolve) => edge.once('exit', resolve))
  let logged = ''
  edge.stdout.on('data', (chunk) => {
    logged += chunk
  })
  const lab: EdgeLab = {
    dir,
    port: player,
    authority,
    ca: readFileSync(join(dir, 'tls/ca.pem')),
    cores,
    open,
    say,
    metrics: async () => (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text(),
    log: () => logged,
    pid: edge.pid!,
    async stop() {
      edge.kill('SIGTERM')
      await ended
      for (const { server } of cores) {
        server.closeAllConnections()
        server.close()
      }
      rmSync(dir, { recursive: true, force: true })
    },
  }
  try {
    await serves()
    return lab
  } catch (error) {
    await lab.stop()
    throw error
  }

  async function serves(): Promise<void> {
    for (let tries = 0; ; tries++) {
      const said = await say('GET /edge/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n').catch(
        () => '',
      )
      if (said.includes('"healthy":true') && !said.includes('"healthy":false')) return
      if (edge.exitCode !== null) throw new Error(`the edge has ended: ${logged}`)
      if (tries > 1000) throw new Error(`the edge does not find its cores: ${said}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  function open(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const ca = readFileSync(join(dir, 'tls/ca.pem'))
    return new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: player, servername: 'localhost', ca, ...options }, () =>
        resolve(socket),
      )
      socket.once('error', reject)
    })
  }

  async function say(bytes: string | Buffer, quietMs = 1500): Promise<string> {
    const socket = await open()
    return new Promise((resolve) => {
      let heard = ''
      socket.setTimeout(quietMs, () => socket.destroy())
      socket.on('data', (chunk) => {
        heard += chunk.toString('latin1')
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(heard))
      socket.write(bytes)
    })
  }
}

function playCore(dir: string, name: string, answer: Parameters<typeof openEdgeLab>[0]): Promise<LabCore> {
  const tls = (file: string) => readFileSync(join(dir, 'tls', file))
  const asked: Asked[] = []
  const server = createServer(
    {
      cert: tls(`${name}.pem`),
      key: tls(`${name}.key`),
      ca: tls('ca.pem'),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      if (request.url === '/health/ready') return void response.end('{}')
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { method = '', url = '', rawHeaders: headers } = request
        const one = { method, url, headers, body: Buffer.concat(chunks).toString('latin1') }
        asked.push(one)
        answer(one, response)
      })
    },
  )
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve({ name, server, port: (server.address() as AddressInfo).port, asked }))
  })
}
