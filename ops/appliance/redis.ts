import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { handOutAgain } from './credentials.ts'
import { newSecret, replaceSecret } from './furniture.ts'
import { type Home, readSecretFile } from './home.ts'
import type { Users } from './identity.ts'
import { configurationMode, configurationOwner, ownerOf } from './ownership.ts'
import type { Settings } from './settings.ts'
import { redisSocket } from './sockets.ts'
import type { Unit } from './supervisor.ts'
import { Trouble } from './trouble.ts'

/** Redis on a socket of its own, in memory only: it holds nothing that cannot be rebuilt. */
export function redisUnit(home: Home, settings: Settings, users: Users): Unit {
  writeConfiguration(home, settings, users)
  return {
    name: 'redis',
    role: 'caches, live updates',
    command: '/usr/bin/redis-server',
    args: [home.path('run/redis.conf')],
    identity: users.redis,
    probe: () => askRedis(home),
  }
}

/** Undefined when Redis answers a PING with our password, else why not. */
export function askRedis(home: Home): Promise<string | undefined> {
  return tellRedis(home, 'PING', '+PONG')
}

/** Takes new certificates into use, and opens the port the first time; connections that are open stay. */
export async function reloadRedis(home: Home, settings: Settings, users: Users): Promise<void> {
  writeConfiguration(home, settings, users)
  const words = Object.entries(encryption(home, settings)).map(([name, value]) => `${name} "${value}"`)
  const why = await tellRedis(home, `CONFIG SET ${words.join(' ')}`, '+OK\r\n+OK')
  if (why !== undefined)
    throw new Trouble(`Redis does not take its certificate: ${why}`, {
      setting: home.path('tls/redis.pem'),
      remedy: 'npx countroom logs redis',
    })
}

/**
 * Shuts out those whose certificates, by serial number, were taken back: all have to come again, with another password. Once for each of
 * them; that the certificate of another of them has ended meanwhile disturbs nobody.
 *
 * In a cluster the password stays. Each node would draw one of its own, and nothing carries one to the other nodes, their sentinels and the edges: replicas, sentinels
 * and edges would be shut out for good. There a certificate that was taken back opens Redis until it ends, for who knows the password (runbook `certificates.md`).
 */
export async function shutOutOfRedis(
  home: Home,
  { cluster }: Settings,
  users: Users,
  serials: readonly string[],
): Promise<void> {
  const path = 'run/redis-shut-out'
  const known = home.has(path) ? readFileSync(home.path(path), 'utf8').split('\n') : []
  if (serials.every((serial) => known.includes(serial))) return
  await (cluster ? endConnections(home) : changePassword(home, users))
  home.write(path, serials.join('\n'), 0o644)
}

/** What ends all connections but the one that says so; replicas come back and are told what they missed. */
const everybodyOut = [
  'CLIENT KILL TYPE pubsub',
  'CLIENT KILL TYPE replica',
  'CLIENT KILL TYPE normal SKIPME yes',
  'PING',
]

async function endConnections(home: Home): Promise<void> {
  const why = await tellRedis(home, everybodyOut.join('\r\n'), '+PONG')
  if (why !== undefined)
    throw new Trouble(`Redis does not end the connections of who was taken back: ${why}`, {
      setting: redisSocket(home),
      remedy: 'npx countroom logs redis',
    })
}

/** Another password from now on, also after a restart, and nobody stays in with the old one. */
async function changePassword(home: Home, users: Users): Promise<void> {
  const old = readSecretFile(home, 'redis')
  const fresh = newSecret().trim()
  replaceSecret(home, 'redis', fresh) // first, so that whoever is thrown out below finds it
  handOutAgain(home, users, 'redis')
  const edges = newSecret().trim()
  replaceSecret(home, 'redis-edge', edges)
  handOutAgain(home, users, 'redis-edge')
  const words = [`CONFIG SET requirepass ${fresh}`, `ACL SETUSER edge resetpass >${edges}`, ...everybodyOut]
  const why = await tellRedis(home, words.join('\r\n'), '+PONG', old)
  if (why !== undefined)
    throw new Trouble(`Redis does not take its new password: ${why}`, {
      setting: home.path('secrets/redis'),
      remedy: 'start again, which gives it to both sides',
    })
}

/** Whoever comes by the address shows a certificate of our authority and knows the password. It reads no revocation lists. */
function encryption(home: Home, { dataAddress, ports }: Settings): Record<string, string> {
  if (dataAddress === undefined || !home.has('tls/redis.pem')) return {}
  return {
    'tls-cert-file': home.path('tls/redis.pem'),
    'tls-key-file': home.path('tls/redis.key'),
    'tls-ca-cert-file': home.path('tls/ca.pem'),
    'tls-auth-clients': 'yes',
    'tls-protocols': 'TLSv1.3',
    'tls-session-caching': 'no',
    'tls-port': String(ports.redis),
  }
}

function writeConfiguration(home: Home, settings: Settings, users: Users): void {
  home.write(
    'run/redis.conf',
    [
      'port 0',
      ...(settings.dataAddress === undefined ? [] : [`bind ${settings.dataAddress}`]),
      ...Object.entries(encryption(home, settings)).map(([name, value]) => `${name} ${value}`),
      ...replication(home, settings),
      `unixsocket ${redisSocket(home)}`,
      `unixsocketperm ${ownerOf(users) ? 770 : 700}`,
      `requirepass ${readSecretFile(home, 'redis')}`,
      edgeUser(home),
      ...(settings.exporters ? [exporterUser(home)] : []),
      `dir ${home.path('redis')}`,
      'save ""',
      'appendonly no',
      'daemonize no',
      'proc-title-template "{title} {config-file}"', // by which a later start knows it for ours, wherever it listens
      'maxmemory 256mb',
      'maxmemory-policy volatile-ttl',
      'ignore-warnings ARM64-COW-BUG',
      '',
    ].join('\n'),
    configurationMode,
    configurationOwner(users, 'redis'),
  )
}

/** In a cluster the first node's begins as the primary; who it is later the sentinels know, and tell who started as something else. */
function replication(home: Home, { cluster, ports }: Settings): string[] {
  if (!cluster) return []
  const { node, addresses } = cluster
  return [
    'tls-replication yes',
    `masterauth ${readSecretFile(home, 'redis')}`,
    `replica-announce-ip ${addresses[node - 1]}`,
    'repl-diskless-sync-delay 0',
    ...(node === 1 ? [] : [`replicaof ${addresses[0]} ${ports.redis}`]),
  ]
}

/** The edge counts its limits here, below a prefix of its own, and may do nothing else. */
function edgeUser(home: Home): string {
  const hash = createHash('sha256').update(readSecretFile(home, 'redis-edge')).digest('hex')
  const may = ['ping', 'eval', 'time', 'get', 'set', 'del', 'zadd', 'zremrangebyscore', 'pexpire', 'zcard']
  return `user edge on #${hash} resetchannels ~edge:* -@all ${may.map((word) => `+${word}`).join(' ')}`
}

/** It asks Redis about Redis, and sees no key: how it is known there. */
function exporterUser(home: Home): string {
  const hash = createHash('sha256').update(readSecretFile(home, 'redis-exporter')).digest('hex')
  const may = ['ping', 'info', 'latency|latest', 'slowlog|len', 'client|setname']
  return `user exporter on #${hash} resetchannels -@all ${may.map((word) => `+${word}`).join(' ')}`
}

/** Says something with our password. Undefined when the answers hold what is wanted, else what they were. */
function tellRedis(
  home: Home,
  what: string,
  wanted: string,
  password = readSecretFile(home, 'redis'),
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(redisSocket(home))
    let said = ''
    const done = (why: string | undefined) => {
      socket.destroy()
      resolve(why)
    }
    socket.setTimeout(2000, () => done('no answer within 2 s'))
    socket.on('error', (error) => done(error.message))
    socket.on('data', (chunk) => {
      said += chunk.toString()
      if (said.includes(wanted)) done(undefined)
      else if (/^-.*\r\n/m.test(said)) done(said.trim())
    })
    socket.write(`AUTH ${password}\r\n${what}\r\n`)
  })
}
