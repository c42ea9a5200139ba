import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { textArray } from '#base'
import { openDatabase, type Sql } from '../../core/host/database.ts'
import { type Home, readSecretFile } from './home.ts'
import type { Identity } from './identity.ts'
import type { Settings } from './settings.ts'
import type { Unit } from './supervisor.ts'
import { Trouble } from './trouble.ts'

const databaseName = 'countroom'
const socketPortUsual = 5432 // part of the socket file's name
export const roles = { admin: 'postgres', owner: 'countroom_owner', app: 'countroom_app' } as const

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
export function postgresUnit(home: Home, settings: Settings, engine: Identity | undefined): Unit {
  home.write('pg/postgresql.conf', render(home, settings))
  home.write('pg/pg_hba.conf', hostAccess(settings))
  home.write('pg/pg_ident.conf', identities)
  return {
    name: 'postgres',
    role: 'the truth',
    command: join(postgresBinaries(), 'postgres'),
    args: ['-D', home.path('pg')],
    identity: engine,
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

/** Roles and database as an appliance needs them; safe to repeat. */
export async function ensureDatabase(home: Home): Promise<void> {
  const admin = connect(home, 'admin', 'postgres')
  try {
    for (const name of ['owner', 'app'] as const) {
      const [known] = await admin`select from pg_roles where rolname = ${roles[name]}`
      const password = readSecretFile(home, `postgres-${name}`)
      await admin.unsafe(`${known ? 'alter' : 'create'} role ${roles[name]} login password '${password}'`)
    }
    const [database] = await admin`select from pg_database where datname = ${databaseName}`
    if (!database) await admin.unsafe(`create database ${databaseName} owner ${roles.owner}`)
    await admin.unsafe(`revoke all on database ${databaseName} from public`)
    await admin.unsafe(`grant connect on database ${databaseName} to ${roles.app}`)
  } finally {
    await admin.end({ timeout: 5 })
  }
}

export function connect(home: Home, role: keyof typeof roles, database: string = databaseName): Sql {
  return openDatabase({ ...addressOf(home, role), database, poolMax: 2, name: 'countroom-ops' })
}

export function addressOf(home: Home, role: keyof typeof roles) {
  return {
    host: home.path('run'),
    port: socketPortOf(home),
    database: databaseName,
    user: roles[role],
    password: readSecretFile(home, `postgres-${role}`),
  }
}

/** The server listens with one number on addresses and sockets alike; what is rendered is what it was started with. */
export function socketPortOf(home: Home): number {
  const file = home.path('pg/postgresql.conf')
  const written = existsSync(file) ? /^port = (\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1] : undefined
  return Number(written ?? socketPortUsual)
}

/** Takes new certificates and revocation lists into use: from the next connection on, those that are open stay. */
export async function reloadPostgres(home: Home, settings: Settings): Promise<void> {
  home.write('pg/postgresql.conf', render(home, settings))
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
 * On sockets by password. From other machines by certificate alone: one of our authority, not taken back, of a role that
 * may; the administrator and the owner never.
 */
function hostAccess({ dataAddress }: Settings): string {
  const remote = `hostssl countroom ${roles.app} all cert map=nodes clientname=DN\n`
  return `# rendered by countroom\nlocal all all scram-sha-256\n${dataAddress === undefined ? '' : remote}`
}

/** Which certificates may be the application: the role stands in the subject, and the authority put it there. */
const identities = `# rendered by countroom
nodes "/^CN=[^,=]+,OU=(core|work)$" ${roles.app}
`

/** Before the first certificate is there, nobody can come in by an address: such lines take encrypted connections only. */
function encryption(home: Home, { dataAddress, ports }: Settings): string {
  if (dataAddress === undefined) return "listen_addresses = ''\n"
  const address = `listen_addresses = '${dataAddress}'\nport = ${ports.postgres}\n`
  if (!home.has('tls/postgres.pem') || !home.has('tls/revoked.pem')) return address
  return `${address}ssl = on
ssl_cert_file = '${home.path('tls/postgres.pem')}'
ssl_key_file = '${home.path('tls/postgres.key')}'
ssl_ca_file = '${home.path('tls/ca.pem')}'
ssl_crl_file = '${home.path('tls/revoked.pem')}'
ssl_min_protocol_version = 'TLSv1.3'
`
}

function render(home: Home, settings: Settings): string {
  return `# rendered by countroom at every start; change countroom.json instead
${encryption(home, settings)}unix_socket_directories = '${home.path('run')}'
unix_socket_permissions = 0700
password_encryption = 'scram-sha-256'
max_connections = 100
shared_buffers = ${settings.sharedBuffersMegabytes}MB
fsync = on
full_page_writes = on
synchronous_commit = on
wal_level = replica
max_wal_size = 2GB
min_wal_size = 512MB
huge_pages = try
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
idle_in_transaction_session_timeout = 60s
lock_timeout = 15s
autovacuum_vacuum_scale_factor = 0.05
track_io_timing = on
log_timezone = 'UTC'
timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d %a '
log_checkpoints = on
log_lock_waits = on
log_min_duration_statement = 2s
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
`
}
