import { lstatSync, readFileSync, renameSync, symlinkSync } from 'node:fs'
import { request } from 'node:https'
import { sharedLabel } from '#pki'
import { type Home, readSecretFile } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import { configurationMode, configurationOwner, makeFolder, ownerOf } from '../appliance/ownership.ts'
import { hostAccess, identities, parametersOf, peerRoles, postgresBinaries, roles } from '../appliance/postgres.ts'
import { isAlive, parseMark } from '../appliance/processes.ts'
import type { Settings } from '../appliance/settings.ts'
import { showing } from '../appliance/showing.ts'
import { postgresFolder } from '../appliance/sockets.ts'
import type { Unit } from '../appliance/supervisor.ts'
import { furnishPrograms } from './forks.ts'
import { type Cluster, nodeName, numberOf } from './members.ts'

const configuration = 'run/patroni.yml'
const dataFolder = 'patroni/pg'

/** Seconds. A leader that is not heard of for `ttl` has lost; it takes its own server down before (`ttl` >= `loop_wait` + 2 `retry_timeout`). */
const timings = { ttl: 20, loop_wait: 5, retry_timeout: 5 } as const

/** The log that a second site may miss before it has to copy anew; no slot keeps more for it, because a site that is gone would fill this disk. */
const keptForSecondSite = '4GB'

/**
 * Patroni, which runs PostgreSQL in a cluster: it starts the server, makes standbys, and promotes one when the primary is lost. A cluster
 * that already has data is taken over as it is.
 */
export function patroniUnit(home: Home, settings: Settings, cluster: Cluster, users: Users): Unit {
  const programs = furnishPrograms(home, users)
  const rendered = `${JSON.stringify(render(home, settings, cluster, users, programs.folder), null, 2)}\n` // YAML that is JSON
  home.write(configuration, rendered, configurationMode, configurationOwner(users, 'postgres'))
  const own = cluster.addresses[cluster.node - 1]!
  return {
    name: 'patroni',
    role: 'runs PostgreSQL',
    command: '/usr/bin/patroni',
    args: [home.path(configuration)],
    identity: users.postgres,
    environment: {
      ...programs.environment,
      PATRONI_SUPERUSER_PASSWORD: readSecretFile(home, 'postgres-admin'),
      PATH: `${postgresBinaries()}:/usr/bin:/bin`,
    },
    async probe() {
      const answer = await askPatroni(home, { host: own, port: settings.ports.patroni }, 'GET', '/health')
      return answer.status === 200 ? undefined : (answer.why ?? 'PostgreSQL does not run here yet')
    },
  }
}

/**
 * Patroni takes a server's folder away and makes it anew, so it stands in one of PostgreSQL's own; where it stood before leads there.
 */
export function houseData(home: Home, users: Users): void {
  makeFolder(home.path('patroni'), 0o711, ownerOf(users, 'postgres'))
  const before = home.path('pg')
  const found = lstatSync(before, { throwIfNoEntry: false })
  if (found?.isSymbolicLink()) return
  if (found) renameSync(before, home.path(dataFolder))
  symlinkSync(dataFolder, before)
}

/** Takes certificates into use anew. */
export function tellPatroni(home: Home): void {
  const mark = home.has('run/patroni.pid') ? parseMark(readFileSync(home.path('run/patroni.pid'), 'utf8')) : undefined
  if (mark && isAlive(mark)) process.kill(mark.pid, 'SIGHUP')
}

export type PatroniAnswer = { status?: number; body?: string; why?: string }

/** Asks an agent something, with the certificate of a server: only by one of those anything can be changed. */
export function askPatroni(
  home: Home,
  { host, port }: { host: string; port: number },
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  body?: object,
): Promise<PatroniAnswer> {
  return new Promise<PatroniAnswer>((resolve, reject) => {
    const tls = showing(home, 'postgres', { name: sharedLabel('postgres'), role: 'postgres' })
    const timeout = method === 'GET' ? 3000 : 60_000
    const question = request({ ...tls, host, port, path, method, agent: false, timeout }, async (answer) => {
      const parts: Buffer[] = []
      try {
        for await (const part of answer) parts.push(part as Buffer)
      } catch {}
      resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString() })
    })
    question.on('timeout', () => question.destroy(new Error(`no answer within ${timeout / 1000} s`)))
    question.on('error', reject)
    question.end(body && JSON.stringify(body))
  }).catch((error: Error) => ({ why: error.message }))
}

function render(home: Home, settings: Settings, cluster: Cluster, users: Users, programs: string) {
  const { ports } = settings
  const own = cluster.addresses[cluster.node - 1]!
  const tls = (file: string) => home.path('tls', file)
  const shows = { cert: tls('postgres.pem'), key: tls('postgres.key') }
  const parameters = parametersOf(home, settings, users)
  const asPeer = (username: string) => ({
    username,
    sslmode: 'verify-ca',
    sslcert: shows.cert,
    sslkey: shows.key,
    sslrootcert: tls('ca.pem'),
    sslcrl: tls('revoked.pem'),
  })
  return {
    scope: 'countroom',
    namespace: '/service/',
    name: nodeName(numberOf(cluster)),
    log: { level: 'INFO' },
    restapi: {
      listen: `${own}:${ports.patroni}`,
      connect_address: `${own}:${ports.patroni}`,
      certfile: shows.cert,
      keyfile: shows.key,
      cafile: tls('ca.pem'),
      verify_client: 'optional', // what changes nothing may be asked by whoever gets here
    },
    ctl: { certfile: shows.cert, keyfile: shows.key, cacert: tls('ca.pem') },
    etcd: {
      // The v2 API: see etcd.ts.
      hosts: cluster.addresses.map((address) => `${address}:${ports.etcd}`),
      protocol: 'https',
      cacert: tls('ca.pem'),
      ...shows,
    },
    // A cluster is begun with the data of its first node and never with none: who has none copies.
    bootstrap: {
      dcs: shared(parameters, cluster, ports.postgres),
      method: 'copied_only',
      copied_only: { command: '/bin/false' },
    },
    postgresql: {
      listen: `${own}:${ports.postgres}`,
      connect_address: `${own}:${ports.postgres}`,
      data_dir: home.path(dataFolder),
      bin_dir: programs,
      pgpass: home.path('run/patroni/pgpass'),
      use_unix_socket: true,
      use_unix_socket_repl: false,
      authentication: {
        superuser: { username: roles.admin },
        replication: asPeer(peerRoles.replication),
        rewind: asPeer(peerRoles.rewind),
      },
      create_replica_methods: ['basebackup'],
      basebackup: [{ checkpoint: 'fast' }],
      pg_hba: hostAccess(settings),
      pg_ident: identities(settings),
      parameters: {
        ...parameters,
        unix_socket_directories: postgresFolder(home),
        wal_retrieve_retry_interval: '500ms', // a standby that lost its primary goes over to the next one as soon as there is one
        wal_sender_timeout: '5s', // for a standby that hangs all commits wait; one whose machine is gone is ended before (lost-standby.ts)
        wal_receiver_timeout: '10s', // after a cable was out nobody tells a standby that its connection has ended
        ...(cluster.secondSite ? { wal_keep_size: keptForSecondSite } : {}),
      },
    },
    tags: {
      ...{ nofailover: false, noloadbalance: false, clonefrom: false, nosync: false },
      ...(cluster.secondSite ? { second_site: cluster.secondSite.join() } : {}), // the other nodes see it
    },
  }
}

/** What all members go by; it counts when the cluster is made, and is changed by `PATCH /config` afterwards. */
function shared({ max_connections, wal_level }: Record<string, string>, { addresses, follows }: Cluster, port: number) {
  return {
    ...(follows ? { standby_cluster: { host: follows.join(','), port, create_replica_methods: ['basebackup'] } } : {}),
    ...timings,
    maximum_lag_on_failover: 1_048_576,
    check_timeline: true,
    primary_start_timeout: 0, // another takes over, rather than waiting until this one has recovered
    synchronous_mode: addresses.length > 1,
    synchronous_mode_strict: addresses.length > 1, // without a standby nothing is acknowledged
    synchronous_node_count: 1,
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      parameters: { max_connections, wal_level, wal_log_hints: 'on', hot_standby: 'on', max_wal_senders: 10 },
    },
  }
}
