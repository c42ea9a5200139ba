import { type ChildProcess, fork, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, buildConnector, request } from 'undici'
import { askEdge, type EdgeAnswer } from '../../ops/appliance/edge-admin.ts'
import { makeAuthority } from './lab-authority.ts'
import { freePort } from './port.ts'

/** Routes that the cores document, so that the edge lets them through: one that changes something and one that does not. */
export const changes = '/api/games/x/rounds'
export const reads = '/api/games'

const root = join(import.meta.dirname, '../..')
const heapTeller = join(import.meta.dirname, 'heap-teller.ts')

/** A core as a process of its own; see `played-core.ts`. */
export type FleetCore = {
  readonly name: string
  readonly port: number
  readonly process: ChildProcess
  kill(signal: NodeJS.Signals): void
}

export type Fleet = {
  readonly dir: string
  readonly port: number
  readonly pid: number
  readonly authority: Awaited<ReturnType<typeof makeAuthority>>
  readonly cores: FleetCore[]
  /** The configuration of the edge, as it is written now. */
  readonly config: Record<string, unknown>
  /** Writes another configuration in its place; the edge finds it by itself. */
  write(changes: Record<string, unknown>): void
  writeText(text: string): void
  /** Another core; it is no member before the configuration says so. `port`: where an earlier one was. */
  begin(name: string, port?: number): Promise<FleetCore>
  listed(cores: readonly FleetCore[]): object[]
  admin(method: string, path: string): Promise<EdgeAnswer>
  /** Process ids of the workers that serve. */
  workers(): Promise<number[]>
  /** Keys that were applied, as often as they were; bodies of requests without key, as often as they came. */
  applied(): string[]
  unkeyed(): string[]
  log(): string
  stop(): Promise<void>
}

type FleetOptions = {
  cores?: number
  workers?: number
  limits?: Record<string, number>
  balance?: Record<string, number>
  membership?: (cores: readonly FleetCore[]) => unknown
}

/** An edge of several workers before cores that can be killed, each a process of its own. */
export async function openFleet(options: FleetOptions = {}): Promise<Fleet> {
  const { cores: count = 2, workers = 2, limits = {}, balance = {} } = options
  const dir = mkdtempSync(join(tmpdir(), 'cr-fleet-'))
  mkdirSync(join(dir, 'journal'))
  for (const file of ['applied', 'unkeyed']) writeFileSync(join(dir, 'journal', file), '')
  const authority = await makeAuthority(dir)
  await authority.issue('edge', 'edge', ['edge.countroom.internal'])
  await authority.issue('public', 'public', ['localhost'])
  const begun: FleetCore[] = []
  const cores = await Promise.all(Array.from({ length: count }, (_, index) => begin(`core-${index + 1}`)))
  const [player, operator, partner, metrics] = await Promise.all([freePort(), freePort(), freePort(), freePort()])
  const listener = (port: number) => ({ host: '127.0.0.1', port, ...authority.files('public') })
  const admin = join(dir, 'admin.sock')
  const config: Record<string, unknown> = {
    name: 'edge',
    workers,
    tls: { ca: join(dir, 'tls/ca.pem'), crl: join(dir, 'tls/revoked.pem'), ...authority.files('edge') },
    listeners: { player: listener(player), operator: listener(operator), partner: listener(partner) },
    cores: options.membership?.(cores) ?? listed(cores),
    listen: { metrics: { host: '127.0.0.1', port: metrics }, admin },
    balance,
    limits: { drainIdleSeconds: 2, ...limits },
    log: { level: 'info' },
  }
  const file = join(dir, 'edge.json')
  writeFileSync(file, JSON.stringify(config))
  const logFile = join(dir, 'edge.log')
  const edge = spawn(
    'sh',
    [
      '-c',
      `exec "$0" "$@" > ${logFile} 2>&1`,
      process.execPath,
      '--no-addons',
      join(root, 'edge/serve.ts'),
      '--config',
      file,
    ],
    {
      stdio: 'ignore',
      env: { ...process.env, COUNTROOM_HEAP_TOLD_IN: dir, NODE_OPTIONS: `--import=${heapTeller} --no-warnings` },
    },
  )
  const ended = new Promise((resolve) => edge.once('exit', resolve))
  const fleet: Fleet = {
    dir,
    port: player,
    pid: edge.pid as number,
    authority,
    cores,
    config,
    write(changes) {
      Object.assign(config, changes)
      fleet.writeText(JSON.stringify(config))
    },
    writeText(text) {
      writeFileSync(`${file}.new`, text)
      renameSync(`${file}.new`, file)
    },
    begin,
    listed,
    async admin(method, path) {
      const answer = await askEdge(admin, method, path)
      if (!answer) throw new Error(`the edge does not answer ${method} ${path}`)
      return answer
    },
    async workers() {
      const { workers } = (await fleet.admin('GET', '/status')).body as {
        workers: Array<{ pid: number; stage: string }>
      }
      return workers.filter(({ stage }) => stage === 'serving').map(({ pid }) => pid)
    },
    applied: () => lines('applied'),
    unkeyed: () => lines('unkeyed'),
    log: () => readFileSync(logFile, 'utf8'),
    async stop() {
      edge.kill('SIGTERM')
      await ended
      for (const core of begun) core.kill('SIGKILL')
      rmSync(dir, { recursive: true, force: true })
    },
  }
  try {
    await sound(cores.length * workers)
    return fleet
  } catch (error) {
    process.stderr.write(fleet.log().slice(-4000))
    await fleet.stop()
    throw error
  }

  async function begin(name: string, port = 0): Promise<FleetCore> {
    await authority.issue(name, 'core', [`${name}.countroom.internal`])
    const child = fork(join(import.meta.dirname, 'played-core.ts'), [dir, name, String(port)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [],
    })
    const listens = await new Promise<number>((resolve, reject) => {
      child.once('message', (message) => resolve((message as { port: number }).port))
      child.once('exit', () => reject(new Error(`${name} does not begin`)))
    })
    const core = { name, port: listens, process: child, kill: (signal: NodeJS.Signals) => void child.kill(signal) }
    begun.push(core)
    return core
  }

  function listed(members: readonly FleetCore[]): object[] {
    return members.map(({ name, port }) => {
      const at = { host: '127.0.0.1', port }
      return { name, player: at, operator: at, partner: at }
    })
  }

  function lines(journal: string): string[] {
    return readFileSync(join(dir, 'journal', journal), 'utf8')
      .split('\n')
      .filter(Boolean)
  }

  /** Until every worker holds every core for sound. */
  async function sound(wanted: number): Promise<void> {
    for (let tries = 0; ; tries++) {
      const answer = await askEdge(admin, 'GET', '/cores')
      const seen = (answer?.body as { cores: Array<{ standings: Record<string, number> }> } | undefined)?.cores ?? []
      if (seen.reduce((sum, { standings }) => sum + (standings.sound ?? 0), 0) === wanted) return
      if (tries > 600) throw new Error(`the edge does not find its cores: ${JSON.stringify(answer)}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

type Said = { status: number; ms: number; text: string }

/** Somebody with connections to the edge. */
export function openCaller(fleet: Fleet, connections = 8) {
  const agent = new Agent({
    connect: (to, done) =>
      buildConnector({ ca: readFileSync(join(fleet.dir, 'tls/ca.pem')), maxCachedSessions: 0, allowH2: false })(
        to,
        done,
      ),
    connections,
    pipelining: 1,
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
  })
  return {
    async ask(
      method: 'GET' | 'POST',
      path: string,
      { key, body = '' }: { key?: string; body?: string } = {},
    ): Promise<Said> {
      const begunMs = performance.now()
      const answer = await request(`https://localhost:${fleet.port}${path}`, {
        method,
        dispatcher: agent,
        headers: {
          ...(key ? { 'idempotency-key': key } : {}),
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body } : {}),
      })
      const text = await answer.body.text()
      return { status: answer.statusCode, ms: performance.now() - begunMs, text }
    },
    close: () => agent.destroy(),
  }
}

export type Caller = ReturnType<typeof openCaller>
