import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { textArray } from '#base'
import { sharedLabel } from '#pki'
import { type DatabaseAddress, openDatabase, type Sql } from '../../core/host/database.ts'
import { followPrimary, type Primary } from '../../core/host/primary.ts'
import { archiving } from '../backup/archiving.ts'
import { clusterOf } from '../failover/members.ts'
import { tellPatroni } from '../failover/patroni.ts'
import { type Home, readSecretFile } from './home.ts'
import { type Users, userNames } from './identity.ts'
import { configurationMode, configurationOwner, giveFile, makeFolder, ownerOf } from './ownership.ts'
import type { Settings } from './settings.ts'
import { showing } from './showing.ts'
import { postgresFolder } from './sockets.ts'
import type { Unit } from './supervisor.ts'
import { Trouble } from './trouble.ts'

const databaseName = 'countroom'
const socketPortUsual = 5432 // part of the socket file's name
export const roles = {
  admin: 'postgres',
  owner: 'countroom_owner',
  app: 'countroom_app',
  work: 'countroom_work',
} as const
/** By which an exporter reads what PostgreSQL tells of itself, and no table. */
export const monitorRole = 'countroom_monitor'
/** By which the servers of a cluster come to each other, with their certificates and no password. */
export const peerRoles = { replication: 'countroom_replication', rewind: 'countroom_rewind' } as const

/** The newest PostgreSQL server of this machine. @throws Trouble when there is none */
export function postgresBinaries(): string {
  const base = '/usr/lib/postgresql'
  const versions = existsSync(base) ? readdirSync(base).map(Number).filter(Number.isInteger) : []
  const newest = versions.sort((a, b) => b - a).find((version) => existsSync(join(base, `${version}/bin/initdb`)))
  if (!newest)
    throw new Trouble('The PostgreSQL server is not installed.', {
      setting: base,
      remedy: 'npm start (it installs what is missing), or apt-get install postgresql',
    })
  return join(base, `${newest}/bin`)
}

/** PostgreSQL's settings are rendered at every start: what stands here is what runs. */
export function postgresUnit(home: Home, settings: Settings, users: Users): Unit {
  openToWorker(home, users)
  const write = (file: string, content: string) => writeConfiguration(home, users, file, content)
  write('postgresql.conf', render(home, settings, users))
  write('pg_hba.conf', asFile(hostAccess(settings)))
  write('pg_ident.conf', asFile(identities(settings)))
  return {
    name: 'postgres',
    role: 'the truth',
    command: join(postgresBinaries(), 'postgres'),
    args: ['-D', home.path('pg')],
    identity: users.postgres,
    stopSignal: 'SIGINT', // "fast": ends sessions, checkpoints, leaves nothing to recover
    async probe() {
      const admin = connect(home, 'admin', 'postgres')
      try {
        await admin`select 1`
        return undefined
      } finally {
        await admin.end({ timeout: 1 })
      }
    },
  }
}

/**
 * The worker compares the configurations with what was approved, one among them that PostgreSQL writes itself (`alter system`). It
 * gets as far as the files that stand at the top of the cluster: new ones have the folder's group. The data lie in folders below,
 * which are PostgreSQL's alone.
 */
function openToWorker(home: Home, users: Users): void {
  if (!ownerOf(users)) return
  const owner = configurationOwner(users, 'postgres')
  makeFolder(home.path('pg'), 0o2750, owner)
  if (home.has('pg/postgresql.auto.conf')) giveFile(home.path('pg/postgresql.auto.conf'), owner, configurationMode)
}

function writeConfiguration(home: Home, users: Users, file: string, content: string): void {
  home.write(`pg/${file}`, content, configurationMode, configurationOwner(users, 'postgres'))
}

/** Roles and database as an appliance needs them; safe to repeat. */
export async function ensureDatabase(home: Home): Promise<void> {
  const admin = connect(home, 'admin', 'postgres')
  try {
    for (const name of ['owner', 'app', 'work'] as const) {
      const [known] = await admin`select from pg_roles where rolname = ${roles[name]}`
      const password = readSecretFile(home, `postgres-${name}`)
      await admin.unsafe(`${known ? 'alter' : 'create'} role ${roles[name]} login password '${password}'`)
    }
    await admin.unsafe(`grant ${roles.app} to ${roles.work}`) // the worker may what the application may, and seals the log besides
    await ensurePeerRoles(admin)
    const [database] = await admin`select from pg_database where datname = ${databaseName}`
    if (!database) await admin.unsafe(`create database ${databaseName} owner ${roles.owner}`)
    await admin.unsafe(`revoke all on database ${databaseName} from public`)
    await admin.unsafe(`grant connect on database ${databaseName} to ${roles.app}`)
  } finally {
    await admin.end({ timeout: 5 })
  }
}

/** A standby copies and follows, and a server that led reads what it has to take back (pg_rewind), and they may nothing else. */
async function ensurePeerRoles(admin: Sql): Promise<void> {
  const { replication, rewind } = peerRoles
  for (const name of [replication, rewind]) {
    const [known] = await admin`select from pg_roles where rolname = ${name}`
    if (!known) await admin.unsafe(`create role ${name} login ${name === replication ? 'replication' : ''}`)
  }
  for (const each of [
    'pg_ls_dir(text, boolean, boolean)',
    'pg_stat_file(text, boolean)',
    'pg_read_binary_file(text)',
    'pg_read_binary_file(text, bigint, bigint, boolean)',
  ])
    await admin.unsafe(`grant execute on function pg_catalog.${each} to ${rewind}`)
}

export function connect(home: Home, role: keyof typeof roles, database: string = databaseName): Sql {
  return openDatabase({ ...addressOf(home, role), database, poolMax: 2, name: 'countroom-ops' })
}

/** The primary of the cluster, wherever it is, by the certificate of `ops`; the administrator's is always the server of this node. */
export function addressOf(home: Home, role: keyof typeof roles): DatabaseAddress {
  const members = role === 'admin' ? undefined : clusterOf(home)
  const address = {
    host: postgresFolder(home),
    port: socketPortOf(home),
    database: databaseName,
    user: roles[role],
    password: readSecretFile(home, `postgres-${role}`),
  }
  if (!members) return address
  const tls = () => showing(home, 'ops', { name: sharedLabel('postgres'), role: 'postgres' })
  const known = followed.get(home.dir) ?? followPrimary(members, tls)
  followed.set(home.dir, known)
  return { ...address, host: members[0]!.host, tls, socket: known.socket }
}

/** Whoever connects from now on asks those who are members now. */
export function forgetPrimary(home: Home): void {
  followed.get(home.dir)?.close()
  followed.delete(home.dir)
}

/** One question for all connections of this process. */
const followed = new Map<string, Primary>()

/** The server listens with one number on addresses and sockets alike; what is rendered is what it was started with. */
export function socketPortOf(home: Home): number {
  const [member] = clusterOf(home) ?? []
  if (member) return member.port
  const file = home.path('pg/postgresql.conf')
  const written = existsSync(file) ? /^port = (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined
  return Number(written ?? socketPortUsual)
}

/** Takes new certificates and revocation lists into use: from the next connection on, those that are open stay. */
export async function reloadPostgres(home: Home, settings: Settings, users: Users): Promise<void> {
  if (settings.cluster)
    tellPatroni(home) // it shows the server's certificate itself
  else writeConfiguration(home, users, 'postgresql.conf', render(home, settings, users))
  const admin = connect(home, 'admin', 'postgres')
  try {
    await admin`select pg_reload_conf()`
  } finally {
    await admin.end({ timeout: 5 })
  }
  await untilEncrypted(home)
}

/** Ends the connections that were made with these certificates; serials in hexadecimal. */
export async function endConnectionsOf(home: Home, serials: readonly string[]): Promise<void> {
  const numbers = serials.map((serial) => BigInt(`0x${serial}`).toString())
  const admin = connect(home, 'admin', 'postgres')
  try {
    await admin`
      select pg_terminate_backend(pid) from pg_stat_ssl where client_serial::text = any (${textArray(numbers)}::text[])`
  } finally {
    await admin.end({ timeout: 5 })
  }
}

/** A reload is a signal, and answered before it is obeyed. Only a connection made afterwards knows. */
async function untilEncrypted(home: Home): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const admin = connect(home, 'admin', 'postgres')
    const [row] = await admin<Array<{ ssl: string }>>`select current_setting('ssl') as ssl`
    await admin.end({ timeout: 1 })
    if (row?.ssl === 'on') return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Trouble('PostgreSQL does not take its certificate.', {
    setting: home.path('tls/postgres.pem'),
    remedy: 'npx countroom logs postgres',
  })
}

/**
 * On sockets by password, an exporter by its system user. From other machines by certificate alone: one of our authority, not taken back, of a role that
 * may; the administrator never, and the owner only where `ops` of another node has to come as it.
 */
export function hostAccess({ cluster, dataAddress, exporters }: Settings): string[] {
  const remote = (role: string, database = databaseName) =>
    `hostssl ${database} ${role} all cert map=nodes clientname=DN`
  const { replication, rewind } = peerRoles
  return [
    ...(exporters ? [`local ${databaseName} ${monitorRole} peer map=exporters`] : []),
    'local all all scram-sha-256',
    ...(dataAddress === undefined ? [] : [remote(roles.app), remote(roles.work)]),
    ...(cluster ? [remote(roles.owner), remote(replication, 'replication'), remote(rewind, 'postgres')] : []),
  ]
}

/** Which certificates, and which user of this machine, may be which role: the one of the process stands in the subject, and the authority put it there. */
export function identities({ cluster, exporters }: Settings): string[] {
  const is = (of: string, role: string) => `nodes "/^CN=[^,=]+,OU=${of}$" ${role}`
  const peers = [
    is('ops', roles.owner),
    is('ops', roles.app),
    ...Object.values(peerRoles).map((role) => is('postgres', role)),
  ]
  const exporter = process.getuid?.() === 0 ? userNames.exporter : userInfo().username
  return [
    is('core', roles.app),
    is('work', roles.work),
    ...(cluster ? peers : []),
    ...(exporters ? [`exporters ${exporter} ${monitorRole}`] : []),
  ]
}

/** Before the first certificate is there, nobody can come in by an address: such lines take encrypted connections only. */
function encryption(home: Home, { dataAddress }: Settings): Record<string, string> {
  if (dataAddress === undefined || !home.has('tls/postgres.pem') || !home.has('tls/revoked.pem')) return {}
  return {
    ssl: 'on',
    ssl_cert_file: home.path('tls/postgres.pem'),
    ssl_key_file: home.path('tls/postgres.key'),
    ssl_ca_file: home.path('tls/ca.pem'),
    ssl_crl_file: home.path('tls/revoked.pem'),
    ssl_min_protocol_version: 'TLSv1.3',
  }
}

/** What a server of ours is set to, but for where it listens. */
export function parametersOf(home: Home, settings: Settings, users: Users): Record<string, string> {
  return {
    ...encryption(home, settings),
    unix_socket_directories: postgresFolder(home),
    unix_socket_permissions: ownerOf(users) ? '0770' : '0700',
    password_encryption: 'scram-sha-256',
    max_connections: '100',
    shared_buffers: `${settings.sharedBuffersMegabytes}MB`,
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    wal_level: 'replica',
    ...(settings.backup ? archiving(home, settings.backup) : {}),
    max_wal_size: '2GB',
    min_wal_size: '512MB',
    huge_pages: 'try',
    checkpoint_timeout: '15min',
    checkpoint_completion_target: '0.9',
    idle_in_transaction_session_timeout: '60s',
    lock_timeout: '15s',
    autovacuum_vacuum_scale_factor: '0.05',
    track_io_timing: 'on',
    log_timezone: 'UTC',
    timezone: 'UTC',
    log_line_prefix: '%m [%p] %q%u@%d %a ',
    log_checkpoints: 'on',
    log_lock_waits: 'on',
    log_min_duration_statement: '2s',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
  }
}

function render(home: Home, settings: Settings, users: Users): string {
  const { dataAddress, ports } = settings
  const listens =
    dataAddress === undefined
      ? { listen_addresses: '' }
      : { listen_addresses: dataAddress, port: String(ports.postgres) }
  const lines = Object.entries({ ...listens, ...parametersOf(home, settings, users) }).map(
    ([name, value]) => `${name} = ${/^\d+$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`}`,
  )
  return asFile([...lines], ' at every start; change countroom.json instead')
}

function asFile(lines: readonly string[], how = ''): string {
  return `# rendered by countroom${how}\n${lines.join('\n')}\n`
}
