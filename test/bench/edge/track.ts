import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { makeAuthority } from '../../support/lab-authority.ts'
import { freePort } from '../../support/port.ts'
import { loadCore, startPinned } from './pinned.ts'

/** What every contestant is given: certificates, an origin, a folder. */
export type Track = {
  dir: string
  ca: string
  /** What a player sees. */
  front: { cert: string; key: string; both: string }
  /** What the origin is shown. */
  edge: { cert: string; key: string; both: string }
  crl: string
  /** Wants a client certificate, as a core does. */
  originPort: number
  /** The same answers to whoever asks: what generator and origin manage by themselves. */
  directPort: number
  file(name: string): string
  /** How many requests the origin has answered so far. */
  answered(): Promise<number>
  close(): Promise<void>
}

export const coreName = 'core-1.countroom.internal'
export const cipherSuite = 'TLS_AES_128_GCM_SHA256'

/** A request of the benchmark and the one answer that is right. The paths are some that the casino has. */
export type Exchange = { name: string; method: 'GET' | 'POST'; path: string; body: string; answer: string }

const manyBets = Array.from({ length: 29 }, (_, index) => ({ on: 'red', amount: `${index}.10` }))

export const exchanges = {
  small: { name: 'GET, 200 B', method: 'GET', path: '/api/games', body: '', answer: json(200) },
  post: {
    name: 'POST, 1 KB',
    method: 'POST',
    path: '/api/games/roulette-european/rounds',
    body: JSON.stringify({ bets: manyBets }),
    answer: json(200),
  },
  large: { name: 'GET, 64 KB', method: 'GET', path: '/assets/large.json', body: '', answer: json(64 * 1024) },
} as const satisfies Record<string, Exchange>

/** Makes certificates and starts the origin, which is nginx and answers out of its memory. */
export async function openTrack(): Promise<Track> {
  const dir = mkdtempSync(join(tmpdir(), 'cr-bench-edge-'))
  const authority = await makeAuthority(dir)
  const issued = async (name: string, role: string, host: string) => {
    await authority.issue(name, role, [host])
    const files = authority.files(name)
    const both = join(dir, 'tls', `${name}.both.pem`)
    writeFileSync(both, `${readFileSync(files.cert, 'utf8')}\n${readFileSync(files.key, 'utf8')}`)
    return { ...files, both }
  }
  const [front, edge, core] = [
    await issued('public', 'public', 'localhost'),
    await issued('edge', 'edge', 'edge.countroom.internal'),
    await issued('core-1', 'core', coreName),
  ]
  const [originPort, directPort, countPort] = [await freePort(), await freePort(), await freePort()]
  const track: Track = {
    dir,
    ca: join(dir, 'tls/ca.pem'),
    crl: join(dir, 'tls/revoked.pem'),
    front,
    edge,
    originPort,
    directPort,
    file: (name) => join(dir, name),
    answered: () => countOf(countPort),
    close: async () => {},
  }
  mkdirSync(join(dir, 'www/assets'), { recursive: true })
  writeFileSync(join(dir, 'www', exchanges.large.path), exchanges.large.answer)
  writeFileSync(join(dir, 'origin.conf'), origin(track, core, countPort))
  const nginx = startPinned(
    loadCore,
    ['/usr/sbin/nginx', '-c', join(dir, 'origin.conf'), '-p', dir],
    join(dir, 'origin.log'),
  )
  await listening(directPort)
  return {
    ...track,
    async close() {
      await nginx.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Waits until a port takes a TLS connection. @throws Error when that takes ten seconds */
export async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const taken = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }, () => {
        socket.destroy()
        resolve(true)
      })
      socket.once('error', () => resolve(false))
    })
    if (taken) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nobody listens on port ${port}`)
}

/** Text of nginx that every server of ours begins with. */
export function nginxHead(track: Pick<Track, 'file'>, name: string): string {
  return `
    daemon off; master_process off; worker_processes 1; error_log ${track.file(`${name}.error.log`)}; pid ${track.file(`${name}.pid`)};
    events { worker_connections 15000; }`
}

export const nginxPaths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((kind) => `${kind}_temp_path temp;`)
  .join(' ')

function origin(track: Track, core: { cert: string; key: string }, countPort: number): string {
  const answers = [exchanges.small, exchanges.post]
    .map(({ path, answer }) => `location = ${path} { return 200 '${answer}'; }`)
    .join('\n')
  const server = (port: number, verify: string) => `
    server {
      listen 127.0.0.1:${port} ssl backlog=4096;
      ssl_certificate ${core.cert}; ssl_certificate_key ${core.key}; ${verify}
      ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites ${cipherSuite};
      location = /health/ready { return 200 '{}'; }
      ${answers}
      location / { root ${track.file('www')}; open_file_cache max=10; }
    }`
  return `${nginxHead(track, 'origin')}
  http {
    ${nginxPaths} access_log off; default_type application/json; types { }
    keepalive_requests 1000000000; keepalive_timeout 300s; client_body_buffer_size 64k;
    ${server(track.originPort, `ssl_client_certificate ${track.ca}; ssl_verify_client on;`)}
    ${server(track.directPort, '')}
    server { listen 127.0.0.1:${countPort}; location / { stub_status; } }
  }`
}

/** The question itself is one more each time. */
async function countOf(port: number): Promise<number> {
  const said = await (await fetch(`http://127.0.0.1:${port}/`)).text()
  return Number(/\n \d+ \d+ (\d+)/.exec(said)?.[1])
}

/** JSON of a length in bytes. */
function json(bytes: number): string {
  const head = '{"games":"'
  return `${head}${'0123456789abcdef'.repeat(bytes / 16).slice(0, bytes - head.length - 2)}"}`
}
