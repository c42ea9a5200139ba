import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Credential, connectKeys, type Keys } from '#keys'
import { openTestClients, type TestClients } from './clients.ts'
import { makeToken, type TestModule, testPin } from './modules.ts'

const roles = ['core', 'work', 'edge', 'ops'] as const
type Role = (typeof roles)[number]
type ClientRole = Exclude<Role, 'ops'>

export type TestKeys = {
  keys: Keys
  socket: string
  dir: string
  /** With a certificate of the role. `deadlineMs`: how long it waits for an answer. */
  as(role: Role, deadlineMs?: number): Keys
  /** Comes in by the socket of a role and shows something else, or nothing. */
  showing(role: ClientRole, credential: Credential | undefined, deadlineMs?: number): Keys
  /** Shows at each connection what there is then. */
  presenting(role: ClientRole, credential: () => Credential, deadlineMs?: number): Keys
  /** The authority over who comes in. */
  clients: TestClients
  kill(): Promise<void>
  /** Sends a signal and does not wait. */
  signal(name: NodeJS.Signals): void
  pid(): number
  /** Waits for its end; answers its exit code. */
  ended(): Promise<number | null>
  restart(): Promise<void>
  stop(): Promise<void>
}

type Options = {
  module?: TestModule
  before?(dir: string): void
  config?: Record<string, unknown>
  /** For measurements: with its token where a real one is. */
  onDisk?: boolean
} & Surroundings
/** What the agent finds in its environment, and what somebody types. */
type Surroundings = { environment?: Record<string, string>; input?: string }

/** A module waits for the disk at every key it makes. No test cuts the power, so tokens are in memory where the machine has such a folder. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/**
 * A real key agent on a fresh token (SoftHSM's, unless another module is named) in a temporary directory; `keys` has the role core. `before` may put
 * something into the token first, `config` goes over the agent's.
 */
export async function startTestKeys(options: Options = {}): Promise<TestKeys> {
  const dir = mkdtempSync(join(options.onDisk ? tmpdir() : memory, 'cr-keys-'))
  const setting = makeToken(options.module ?? 'softhsm', dir)
  writeFileSync(join(dir, 'pin'), testPin, { mode: 0o400 })
  writeFileSync(join(dir, 'so-pin'), '87654321', { mode: 0o400 })
  mkdirSync(join(dir, 'state'), { mode: 0o700 })
  const sockets = Object.fromEntries(roles.map((role) => [role, join(dir, `${role}.sock`)])) as Record<Role, string>
  writeFileSync(
    join(dir, 'keys.json'),
    JSON.stringify({
      name: 'keys',
      stateDir: join(dir, 'state'),
      ...setting,
      pin: { from: 'file', file: join(dir, 'pin') },
      soPin: { from: 'file', file: join(dir, 'so-pin') },
      firstStart: 'create',
      sockets,
      clients: { crl: join(dir, 'revoked.pem') },
      listen: { metrics: { host: '127.0.0.1', port: 0 } },
      ...options.config,
    }),
  )
  options.before?.(dir)
  let agent = await startAgent(join(dir, 'keys.json'), options).catch((error: Error) => {
    rmSync(dir, { recursive: true, force: true })
    throw error
  })
  const opened: Keys[] = []
  const connect = (role: Role, deadlineMs: number | undefined, credential?: () => Credential | Promise<Credential>) => {
    const presenting = role === 'ops' || !credential ? undefined : { role, credential }
    const keys = connectKeys({ socket: sockets[role], presenting, ...(deadlineMs === undefined ? {} : { deadlineMs }) })
    opened.push(keys)
    return keys
  }
  const clients = openTestClients(connect('ops', undefined), join(dir, 'revoked.pem'))
  const held = new Map<Role, Promise<Credential>>()
  const as = (role: Role, deadlineMs?: number) =>
    connect(role, deadlineMs, () => {
      const known = held.get(role) ?? clients.credential(role)
      held.set(role, known)
      known.catch(() => held.delete(role)) // there was no key of the authority yet
      return known
    })
  return {
    keys: as('core'),
    socket: sockets.core,
    dir,
    as,
    showing: (role, credential, deadlineMs) => connect(role, deadlineMs, credential && (() => credential)),
    presenting: (role, credential, deadlineMs) => connect(role, deadlineMs, credential),
    clients,
    kill: () => end(agent, 'SIGKILL'),
    signal: (name) => agent.kill(name),
    pid: () => agent.pid!,
    async ended() {
      if (agent.exitCode === null && agent.signalCode === null)
        await new Promise((resolve) => agent.once('exit', resolve))
      return agent.exitCode
    },
    async restart() {
      agent = await startAgent(join(dir, 'keys.json'), options)
    },
    async stop() {
      await Promise.all(opened.map((keys) => keys.close()))
      await end(agent, 'SIGTERM')
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function startAgent(config: string, { environment, input }: Surroundings): Promise<ChildProcess> {
  const agent = spawn(
    process.execPath,
    [join(import.meta.dirname, '../../core/keys/agent/serve.ts'), '--config', config],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    },
  )
  agent.stdin?.end(input)
  await new Promise<void>((resolve, reject) => {
    let said = ''
    agent.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (said.includes('key agent serves')) resolve()
    })
    agent.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    agent.once('exit', (code) => reject(new Error(`the key agent ended with ${code}: ${said}`)))
  })
  return agent
}

async function end(agent: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (agent.exitCode !== null || agent.signalCode !== null) return
  const ended = new Promise((resolve) => agent.once('exit', resolve))
  agent.kill(signal)
  await ended
}

/** A ceremony whose shares are handed out. */
export async function holdCeremony(
  ops: Keys,
  input: Parameters<Keys['ceremonyBegin']>[0],
): Promise<{ shares: string[] }> {
  const { recovery, shares } = await ops.ceremonyBegin(input)
  await ops.ceremonyFinish(recovery)
  return { shares }
}
