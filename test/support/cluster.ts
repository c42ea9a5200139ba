import { execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const binaries = ['/usr/lib/postgresql/17/bin', '/usr/lib/postgresql/15/bin'].find((path) => existsSync(path)) ?? ''
const port = 5432 // the name of the socket file; nothing listens on TCP

export type Cluster = { host: string; port: number; pid: number; stop(): Promise<void> }

/**
 * A PostgreSQL of its own for one run: a temporary directory, a socket, roles as in an installed appliance. `durable`
 * keeps every flush, for benchmarks; tests go without.
 */
export async function startCluster(options: { durable?: boolean } = {}): Promise<Cluster> {
  const home = mkdtempSync(join(tmpdir(), 'cr-pg-'))
  const user = serviceUser()
  if (user) chownSync(home, user.uid, user.gid)
  const data = join(home, 'data')
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
    'shared_buffers=256MB',
    'max_wal_size=4GB',
    ...(options.durable ? ['fsync=on', 'synchronous_commit=on'] : ['fsync=off', 'full_page_writes=off']),
  ]
  const server = spawn(join(binaries, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
    ...user,
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
    () => server.exitCode === null,
    () => complaints,
  )
  const psql = (text: string) =>
    execFileSync(join(binaries, 'psql'), ['-h', home, '-U', 'postgres', '-qc', text], { stdio: 'ignore' })
  psql('create role countroom_owner login createdb')
  psql('create role countroom_app login')
  return {
    host: home,
    port,
    pid: server.pid!,
    async stop() {
      server.kill('SIGINT')
      await ended
      rmSync(home, { recursive: true, force: true })
    },
  }
}

async function ready(home: string, alive: () => boolean, complaints: () => string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    if (!alive()) throw new Error(`PostgreSQL did not start: ${complaints()}`)
    try {
      execFileSync(join(binaries, 'pg_isready'), ['-h', home, '-q'])
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  throw new Error(`PostgreSQL did not become ready: ${complaints()}`)
}

/** PostgreSQL refuses root; as root, tests run it as the user its package made. */
function serviceUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}
