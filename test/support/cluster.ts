import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const binaries =
  ['/usr/lib/postgresql/17/bin', '/usr/lib/postgresql/15/bin'].find((path) => existsSync(path)) ?? ''
const port = 5432 // the name of the socket file; nothing listens on TCP

export type Cluster = {
  host: string
  port: number
  readonly pid: number
  /** Ends the postmaster and every process of it at once, as a power cut would, but for what the kernel has yet to write. */
  kill(): Promise<void>
  /** Starts again over the same directory after `kill`: crash recovery. Resolves when it answers. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/**
 * A PostgreSQL of its own for one run: a temporary directory, a socket, roles as in an installed appliance. `durable`
 * keeps every flush, for benchmarks; tests go without. With `dir` it stands there and stays when it is stopped.
 */
export async function startCluster(
  options: { durable?: boolean; sharedBuffersMegabytes?: number; dir?: string } = {},
): Promise<Cluster> {
  const home = options.dir ?? mkdtempSync(join(tmpdir(), 'cr-pg-'))
  if (options.dir) mkdirSync(options.dir, { recursive: true })
  const user = serviceUser()
  if (user) chownSync(home, user.uid, user.gid)
  const data = join(home, 'data')
  const fresh = !existsSync(join(data, 'PG_VERSION'))
  if (fresh)
    execFileSync(
      join(binaries, 'initdb'),
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', ...(options.durable ? [] : ['-N'])],
      {
        ...user,
        cwd: home,
        stdio: 'ignore',
      },
    )
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${home}`,
    'max_connections=200',
    `shared_buffers=${options.sharedBuffersMegabytes ?? 256}MB`,
    'max_wal_size=4GB',
    // A durable one keeps its used segments of the log, as a server that has run for a while has them: new ones are slow.
    ...(options.durable
      ? ['fsync=on', 'synchronous_commit=on', 'min_wal_size=2GB']
      : ['fsync=off', 'full_page_writes=off']),
  ]
  let server: Server
  const start = async () => {
    server = await startServer(home, ['-D', data, ...settings.flatMap((setting) => ['-c', setting])])
  }
  await start()
  const psql = (text: string) =>
    execFileSync(join(binaries, 'psql'), ['-h', home, '-U', 'postgres', '-qc', text], { stdio: 'ignore' })
  if (fresh) {
    psql('create role countroom_owner login createdb')
    psql('create role countroom_app login')
    psql('create role countroom_work login in role countroom_app')
  }
  return {
    host: home,
    port,
    get pid() {
      return server.process.pid!
    },
    async kill() {
      const { pid } = server.process
      process.kill(pid!, 'SIGSTOP') // or it would start others, or let them end well
      for (const each of [...childrenOf(pid!), pid!]) process.kill(each, 'SIGKILL')
      await server.ended
    },
    restart: start,
    async stop() {
      server.process.kill('SIGINT')
      await server.ended
      if (!options.dir) rmSync(home, { recursive: true, force: true })
    },
  }
}

type Server = { process: ChildProcess; ended: Promise<void> }

/** Starts a server whose socket stands in `home`; resolves when it answers. */
export async function startServer(home: string, options: readonly string[], socketPort = port): Promise<Server> {
  const server = spawn(join(binaries, 'postgres'), options, {
    ...serviceUser(),
    cwd: home,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let complaints = ''
  server.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4000)
  })
  const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()))
  await ready(
    home,
    socketPort,
    () => server.exitCode === null,
    () => complaints,
  )
  return { process: server, ended }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

async function ready(home: string, socketPort: number, alive: () => boolean, complaints: () => string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (!alive()) throw new Error(`PostgreSQL did not start: ${complaints()}`)
    try {
      execFileSync(join(binaries, 'pg_isready'), ['-h', home, '-p', String(socketPort), '-q'])
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  throw new Error(`PostgreSQL did not become ready: ${complaints()}`)
}

/** PostgreSQL refuses root; as root, tests run it as the user its package made. */
export function serviceUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
