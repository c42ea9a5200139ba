import { existsSync } from 'node:fs'
import { credentialsFolder } from './credentials.ts'
import { type Exporter, exporterPorts, exportersOf } from './exporters.ts'
import { type Home, readSecretFile } from './home.ts'
import type { Users } from './identity.ts'
import { makeFolder, ownerOf } from './ownership.ts'
import { connect, monitorRole, socketPortOf } from './postgres.ts'
import type { Settings } from './settings.ts'
import { postgresFolder, redisSocket } from './sockets.ts'
import type { Supervisor, Unit } from './supervisor.ts'
import { Trouble, wordsOf } from './trouble.ts'

const startSecondsMax = 20

/** Before anything runs: who asked for exporters and has none is told while nothing depends on the answer. @throws Trouble when a program is not installed */
export function refuseMissingExporters(settings: Settings): void {
  for (const name of exportersOf(settings)) {
    const command = commandOf(name)
    if (!existsSync(command))
      throw new Trouble(`${command} is not installed.`, {
        setting: '"exporters" in countroom.json',
        remedy: `npm start (it installs what is missing), or apt-get install prometheus-${name}`,
      })
  }
}

/**
 * Starts them last. Whoever watches must not keep what is watched from running: whatever goes wrong is said, and one that does not serve is tried again by
 * the supervisor.
 */
export async function startExporters(
  home: Home,
  settings: Settings,
  users: Users,
  supervisor: Supervisor,
  say: (line: string) => void,
): Promise<void> {
  const tell = (error: unknown) => say(`Not watched yet: ${wordsOf(error)}`)
  const start = async (name: Exporter) => {
    if (name === 'postgres-exporter') await ensureMonitorRole(home).catch(tell) // another node that leads may have made it
    await supervisor.start(unitOf[name](home, settings, users), startSecondsMax)
  }
  await Promise.all(exportersOf(settings).map((name) => start(name).catch(tell)))
}

/** In a cluster the node that leads makes it, and the others copy it. */
async function ensureMonitorRole(home: Home): Promise<void> {
  const admin = connect(home, 'admin', 'postgres')
  try {
    const [server] = await admin<Array<{ follows: boolean }>>`select pg_is_in_recovery() as follows`
    if (server?.follows) return
    const [known] = await admin`select from pg_roles where rolname = ${monitorRole}`
    if (!known) await admin.unsafe(`create role ${monitorRole} login connection limit 4`)
    await admin.unsafe(`grant pg_monitor to ${monitorRole}`)
    await admin.unsafe(`grant connect on database countroom to ${monitorRole}`)
  } finally {
    await admin.end({ timeout: 5 })
  }
}

const collectors = [
  ...['cpu', 'diskstats', 'filefd', 'filesystem', 'loadavg', 'meminfo'],
  ...['netdev', 'pressure', 'stat', 'timex', 'uname', 'vmstat'],
]
/** What comes and goes with containers and namespaces would make series without end. */
const passingDevices = '^(lo|(veth|br-|docker|cni|ifb|tap|cr[bv]).*)$'

const unitOf: Record<Exporter, (home: Home, settings: Settings, users: Users) => Unit> = {
  'node-exporter': (_, settings, users) =>
    exporter(settings, users, 'node-exporter', {
      role: 'tells of the machine',
      args: [
        `--web.listen-address=127.0.0.1:${settings.ports.nodeMetrics}`,
        '--web.disable-exporter-metrics',
        '--collector.disable-defaults',
        ...collectors.map((name) => `--collector.${name}`),
        `--collector.netdev.device-exclude=${passingDevices}`,
      ],
      tells: /^node_boot_time_seconds /m,
    }),
  'postgres-exporter': (home, settings, users) =>
    exporter(settings, users, 'postgres-exporter', {
      role: 'tells of PostgreSQL',
      args: [
        `--web.listen-address=127.0.0.1:${settings.ports.postgresMetrics}`,
        '--disable-settings-metrics',
        '--log.level=warn',
      ],
      // By its system user, without a password.
      environment: {
        DATA_SOURCE_NAME: `host=${postgresFolder(home)} port=${socketPortOf(home)} user=${monitorRole} dbname=countroom sslmode=disable application_name=postgres-exporter`,
      },
      tells: /^pg_up 1$/m,
    }),
  'redis-exporter': (home, settings, users) => {
    const address = `unix://${redisSocket(home)}`
    const folder = `${credentialsFolder}/exporter`
    const passwords = `${folder}/redis.json`
    makeFolder(home.path(folder), 0o711, ownerOf(users))
    const known = JSON.stringify({ [address]: readSecretFile(home, 'redis-exporter') })
    home.write(passwords, known, 0o400, ownerOf(users, 'exporter'))
    return exporter(settings, users, 'redis-exporter', {
      role: 'tells of Redis',
      args: [
        ...['-web.listen-address', `127.0.0.1:${settings.ports.redisMetrics}`, '-redis-only-metrics'],
        ...['-redis.addr', address, '-redis.user', 'exporter', '-redis.password-file', home.path(passwords)],
        ...['-config-command', '-'],
      ],
      tells: /^redis_up 1$/m,
    })
  },
}

type Told = { role: string; args: string[]; environment?: Record<string, string>; tells: RegExp }

function exporter({ ports }: Settings, users: Users, name: Exporter, { tells, ...told }: Told): Unit {
  return {
    name,
    command: commandOf(name),
    identity: users.exporter,
    ...told,
    async probe() {
      const answer = await fetch(`http://127.0.0.1:${ports[exporterPorts[name]]}/metrics`, {
        signal: AbortSignal.timeout(3000),
      })
      return tells.test(await answer.text()) ? undefined : 'it does not reach what it tells of'
    },
  }
}

function commandOf(name: Exporter): string {
  return `/usr/bin/prometheus-${name}`
}
