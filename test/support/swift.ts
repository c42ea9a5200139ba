import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { until } from './client.ts'
import { makeAuthority } from './lab-authority.ts'
import { freePort } from './port.ts'

/** OpenStack Swift on this machine, one copy of everything, which speaks S3 over TLS; it can be stopped and begun anew. */
export type Swift = {
  bucket: string
  endpoint: string
  region: string
  /** Files that hold what a client needs. */
  keyFile: string
  secretFile: string
  caFile: string
  /** All objects of the bucket, by name. */
  objects(): Promise<Map<string, Buffer>>
  begin(): Promise<void>
  end(): Promise<void>
}

const [bucket, region, key, secret] = ['casino', 'eu-1', 'casino:backup', 'the-secret-of-the-store']
const kinds = ['account', 'container', 'object', 'proxy'] as const

/** Debian's interpreter, which has its packages. Swift knows its main file by one place in the system alone, unless it is told. */
const python = '/usr/bin/python3'
const told = `import os, signal, sys
from swift.common import utils
utils.SWIFT_CONF_FILE = sys.argv[1] + "/swift.conf"
`
/** All four, for as long as the standard input is open: none is left when a test dies. What they have in common is read once. */
const serve = `${told}from swift.common.wsgi import run_wsgi
import swift.account.server, swift.container.server, swift.obj.server, swift.proxy.server
from swift.common.middleware.s3api import s3api
running = []
for kind in ("account", "container", "object", "proxy"):
    pid = os.fork()
    if pid == 0:
        os._exit(run_wsgi(f"{sys.argv[1]}/{kind}.conf", kind + "-server"))
    running.append(pid)
sys.stdin.read()
for pid in running:
    os.kill(pid, signal.SIGKILL)`
const makeRings = `${told}from swift.common.ring import RingBuilder
for kind, port in zip(("account", "container", "object"), sys.argv[2:]):
    ring = RingBuilder(2, 1, 1)
    ring.add_dev(dict(id=0, region=1, zone=1, ip="127.0.0.1", port=int(port), device="d1", weight=1.0, meta="", replication_ip="127.0.0.1", replication_port=int(port)))
    ring.rebalance()
    ring.get_ring().save(f"{sys.argv[1]}/{kind}.ring.gz")`

/** With a bucket that is empty. */
export async function openSwift(dir: string): Promise<Swift> {
  const authority = await makeAuthority(dir)
  await authority.issue('swift', 'public', ['localhost'])
  chmodSync(join(dir, 'tls'), 0o755) // whoever backs up reads the certificate
  const { cert, key: keyOfCert } = authority.files('swift')
  const ports = await Promise.all(kinds.map(() => freePort()))
  const port = ports[kinds.indexOf('proxy')]!
  mkdirSync(join(dir, 'devices/d1'), { recursive: true })
  const write = (file: string, text: string, mode = 0o644) => {
    writeFileSync(join(dir, file), text, { mode })
    return join(dir, file)
  }
  write('swift.conf', '[swift-hash]\nswift_hash_path_prefix = lab\nswift_hash_path_suffix = lab\n')
  for (const [index, kind] of kinds.entries())
    write(`${kind}.conf`, `${common(dir, ports[index]!)}${kind === 'proxy' ? proxy(cert, keyOfCert) : server(kind)}`)
  execFileSync(python, ['-c', makeRings, dir, ...ports.slice(0, 3).map(String)])
  const keyFile = write('key', `${key}\n`, 0o600)
  const secretFile = write('secret', `${secret}\n`, 0o600)
  const caFile = join(dir, 'tls/ca.pem')
  let running: ChildProcess | undefined
  const self: Swift = {
    ...{ bucket, region, keyFile, secretFile, caFile, endpoint: `localhost:${port}` },
    async objects() {
      const names = [...(await ask('GET', '')).toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, name = '']) => name)
      const found = new Map<string, Buffer>()
      for (const name of names) found.set(name, await ask('GET', name))
      return found
    },
    async begin() {
      running = spawn(python, ['-c', serve, dir], { stdio: ['pipe', 'ignore', 'ignore'] })
      const behind = ports.filter((each) => each !== port) // a connection that says nothing stops the one in front
      await until(
        'the servers behind the object store',
        async () => ((await Promise.all(behind.map(listens))).every(Boolean) ? true : undefined),
        240,
      )
      await until(
        'the object store',
        () =>
          ask('GET', '')
            .catch(() => ask('PUT', ''))
            .catch(() => undefined),
        240,
      )
    },
    async end() {
      const ended = new Promise((resolve) => running?.once('exit', resolve))
      running?.stdin?.end()
      await ended
    },
  }
  await self.begin()
  return self

  /** Signed as S3 did first (version 2), which is short. */
  async function ask(method: 'GET' | 'PUT', name: string): Promise<Buffer> {
    const path = `/${bucket}${name && '/'}${name}`
    const date = new Date().toUTCString()
    const signature = createHmac('sha1', secret).update(`${method}\n\n\n${date}\n${path}`).digest('base64')
    const headers = { date, authorization: `AWS ${key}:${signature}` }
    return new Promise((resolve, reject) => {
      request(
        `https://localhost:${port}${path}`,
        { method, headers, ca: readFileSync(caFile), agent: false },
        (response) => {
          const parts: Buffer[] = []
          response.on('data', (part: Buffer) => parts.push(part))
          response.on('end', () => {
            const body = Buffer.concat(parts)
            if (response.statusCode === 200) resolve(body)
            else reject(new Error(`${method} ${path}: ${response.statusCode} ${body}`))
          })
        },
      )
        .on('error', reject)
        .end()
    })
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

/** No workers: one process each, which ends when it is killed. */
function common(dir: string, port: number): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = ${userInfo().username}
swift_dir = ${dir}
devices = ${dir}/devices
mount_check = false
fallocate_reserve = 0
`
}

function server(kind: string): string {
  return `[pipeline:main]\npipeline = ${kind}-server\n[app:${kind}-server]\nuse = egg:swift#${kind}\n`
}

function proxy(cert: string, keyOfCert: string): string {
  const filters = ['catch_errors', 'gatekeeper', 'cache', 'listing_formats', 's3api', 'tempauth', 'bulk', 'slo', 'dlo']
  const more: Record<string, string> = {
    cache: 'use = egg:swift#memcache\nmemcache_servers = 127.0.0.1:1\n', // the next wants one, and needs none
    s3api: `use = egg:swift#s3api\nlocation = ${region}\n`,
    tempauth: `use = egg:swift#tempauth\nuser_${key.replace(':', '_')} = ${secret} .admin\n`,
  }
  return `cert_file = ${cert}
key_file = ${keyOfCert}
[pipeline:main]
pipeline = ${filters.join(' ')} proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
${filters.map((name) => `[filter:${name}]\n${more[name] ?? `use = egg:swift#${name}\n`}`).join('')}`
}
