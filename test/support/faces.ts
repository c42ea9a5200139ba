import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { register } from 'prom-client'
import { readConfig } from '../../core/host/config.ts'
import { openExports } from '../../core/host/exports.ts'
import type { FaceEnv } from '../../core/host/face.ts'
import type { Host } from '../../core/host/host.ts'
import { createLog } from '../../core/host/log.ts'
import type { OpenHost } from '../../core/host/open-host.ts'
import { operatorFace } from '../../core/host/operator/index.ts'
import { partnerFace } from '../../core/host/partner/index.ts'
import { openPlay } from '../../core/host/play.ts'
import { playerFace } from '../../core/host/player/index.ts'
import { openNetworks } from '../../core/host/registers/networks.ts'
import { openSignIns } from '../../core/host/sign-ins.ts'
import { keepCookie } from './client.ts'
import { openWorld, type World } from './world.ts'

type FaceName = 'player' | 'operator' | 'partner'
export type FaceAnswer = {
  status: number
  requestId: string
  bytes: Buffer
  raw: string
  body: Record<string, unknown>
  headers: Headers
}
export type Caller = {
  cookie(name: string): string | undefined
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<FaceAnswer>
}
export type Faces = {
  world: World
  host: Host
  gatewaySecret: string
  carrierSecret: string
  /** Somebody new with a cookie jar of their own; at a casino that is configured otherwise, where that is said. */
  caller(face: FaceName, otherwise?: Partial<Host['config']>): Caller
  /** The player face for a browser, by HTTP at a port of its own; a browser takes `localhost` for secure. Answers its address. */
  serve(face?: FaceName): Promise<string>
  stop(): Promise<void>
}

const origin = 'https://localhost'
const address = '192.0.2.44'

/**
 * The three faces in this process, on a world of their own: every route with everything behind it, but no TLS, no edge, no
 * Redis. A gateway that says yes to every page stands beside.
 */
export async function openFaces(large?: { stake: string; win: string }): Promise<Faces> {
  const world = await openWorld()
  if (large)
    await world.admin`update licences.licences set rules = jsonb_set(rules, '{significant,EUR}', rules #> '{significant,EUR}' || ${world.sql.json(large)})`
  const dir = mkdtempSync(join(tmpdir(), 'cr-faces-'))
  const gatewaySecret = 'a secret of the gateway'
  const carrierSecret = 'carrier-secret-of-a-test'
  writeFileSync(join(dir, 'gateway'), gatewaySecret, { mode: 0o600 })
  writeFileSync(join(dir, 'carrier'), carrierSecret, { mode: 0o600 })
  const gateway = createServer((_, answer) =>
    answer
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ id: `pay_${randomUUID()}`, url: `${origin}/pay` })),
  )
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
  const config = configOf(dir, world, gateway)
  const log = createLog('test', 'silent')
  const database = { ...world.address, user: 'countroom_app', password: '' }
  const exports = openExports({ config, database, log })
  const lists: Array<{ kind: string; name: string; items: string[] }> = []
  const cache = {
    publish: async () => {},
    subscribe: () => {},
    append: async ({ kind, name }: { kind: string; name: string }, item: string) => {
      const list = lists.find((each) => each.kind === kind && each.name === name)
      if (list) list.items.push(item)
      else lists.push({ kind, name, items: [item] })
    },
    lists: async (kind: string) => lists.filter((each) => each.kind === kind),
    healthy: () => true,
    close: async () => {},
  }
  const networks = openNetworks(config.networks)
  const { sql } = world
  const { keys } = world.agent
  const now = () => new Date()
  const signIns = openSignIns({ sql, cache, now, betSecondsMax: 10 })
  const open = { config, database, sql, keys, cache, log, exports, networks, signIns, now }
  const play = await openPlay(open as unknown as OpenHost)
  const host: Host = { ...open, games: play.games }
  const faces = { player: playerFace, operator: operatorFace, partner: partnerFace }
  const apps = Object.fromEntries(
    Object.entries(faces).map(([name, face]) => [name, face(host, async () => [])]),
  ) as unknown as Record<FaceName, OpenAPIHono<FaceEnv>>
  const servers: Server[] = []
  return {
    world,
    host,
    gatewaySecret,
    carrierSecret,
    caller: (face, otherwise) =>
      callerOf(otherwise ? faces[face]({ ...host, config: { ...config, ...otherwise } }, async () => []) : apps[face]),
    async serve(face: FaceName = 'player') {
      const server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      servers.push(server)
      const url = `http://localhost:${(server.address() as AddressInfo).port}`
      const served = { ...host, config: { ...config, origins: { ...config.origins, [face]: url } } }
      server.on('request', getRequestListener(faces[face](served, async () => []).fetch))
      return url
    },
    async stop() {
      for (const server of servers) server.close().closeAllConnections()
      await play.close()
      await exports.close()
      await world.stop()
      gateway.close()
      register.clear()
      rmSync(dir, { recursive: true })
    },
  }
}

function callerOf(app: OpenAPIHono<FaceEnv>): Caller {
  const jar = new Map<string, string>()
  return {
    cookie: (name) => jar.get(name),
    async ask(method, path, body, headers = {}) {
      const outgoing = Object.assign(new EventEmitter(), { setHeader: () => {}, destroyed: false, destroy: () => {} })
      const requestId = headers['x-request-id'] ?? `req_${randomUUID()}`
      const answer = await app.request(
        path,
        {
          method,
          headers: {
            origin,
            'x-request-id': requestId,
            'x-forwarded-for': address,
            'idempotency-key': randomUUID(),
            ...(jar.size > 0 ? { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') } : {}),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        },
        { incoming: { socket: { remoteAddress: address } }, outgoing } as never,
      )
      for (const line of answer.headers.getSetCookie()) keepCookie(jar, line)
      const bytes = Buffer.from(await answer.arrayBuffer())
      const raw = bytes.toString()
      return { status: answer.status, requestId, bytes, raw, body: parsed(raw), headers: answer.headers }
    },
  }
}

function configOf(dir: string, world: World, gateway: Server) {
  const { port } = gateway.address() as AddressInfo
  const file = join(dir, 'config.json')
  const nowhere = join(dir, 'none')
  const document = {
    name: 'test',
    home: dir,
    origins: { player: origin, operator: origin, partner: origin },
    database: { ...world.address, user: 'countroom_app', passwordFile: nowhere },
    redis: { socket: nowhere, passwordFile: nowhere },
    keys: { socket: world.agent.socket, role: 'core' },
    program: { node: 'node-1', manifest: nowhere },
    tls: { ca: nowhere, cert: nowhere, key: nowhere, crl: nowhere },
    listen: { metrics: { host: '127.0.0.1', port: 0 } },
    lanes: { count: 1 },
    mail: { host: '127.0.0.1', port: 1, from: 'casino@example.com' },
    gateways: { sandbox: { url: `http://127.0.0.1:${port}`, secretFile: join(dir, 'gateway') } },
    smsCarrier: {
      url: `http://127.0.0.1:${port}`,
      secretFile: join(dir, 'carrier'),
      receiptSecretFile: join(dir, 'carrier'),
      sender: 'Casino',
    },
    log: { level: 'silent' },
  }
  writeFileSync(file, JSON.stringify(document))
  return readConfig(file)
}

function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return {}
  }
}
