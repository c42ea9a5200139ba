import { join } from 'node:path'
import { clockFile } from '../../core/host/time-source.ts'
import { telemetryFiles } from '../telemetry/told.ts'
import { carrierFiles } from './carriers.ts'
import { credentialsOf } from './credentials.ts'
import type { Home } from './home.ts'
import { repository } from './identity.ts'
import { othersOf } from './program.ts'
import type { Settings } from './settings.ts'

/** Whatever process it is, it loads nothing from outside the program. (The worker may read all of `ops`; a file of it named besides would hide the rest.) */
export const confinement = join(repository, 'ops/bootstrap/confine.js')

/** What a core may: it reads its program, its own secrets and lists, and what the generator asks of the kernel; it writes down what it saw in the books. */
export function coreMay(home: Home, name: string, settings: Settings): string[] {
  const also = [
    confinement,
    ...generatorFiles,
    ...Object.values(networkFiles(settings)),
    settings.smsCarrier?.receiptSecretFile,
    ...telemetryFiles(home, settings, 'core'),
  ]
  const seen = home.path('continuity')
  const allowed = permission(
    home,
    name,
    'core',
    [...also, seen].filter((file) => file !== undefined),
  )
  return [...allowed, `--allow-fs-write=${seen}`]
}

/** What the worker may: it reads all of the program besides, to compare it, and writes nothing but the audit log's second place. */
export function workerMay(home: Home, name: string, settings: Settings): string[] {
  const { auditShipTo: ship } = settings
  return [
    ...permission(home, name, 'work', [
      ...machineFiles,
      ...generatorFiles,
      home.path('run', clockFile),
      ...inspected(home),
      ...shippingFiles(settings),
      ...carrierFiles(settings),
      ...telemetryFiles(home, settings, 'work'),
    ]),
    ...(ship && 'file' in ship ? [`--allow-fs-write=${ship.file}`] : []),
  ]
}

/** The operator's lists of networks: where they are, and which need a second look. */
export function networkFiles(settings: Settings) {
  return { places: settings.networkPlacesFile, listed: settings.networksListedFile }
}

/** Node's permission model: what the process may read, and by silence no writing, no children, no workers, no add-ons. */
function permission(home: Home, name: string, kind: 'core' | 'work', also: string[] = []): string[] {
  const readable = [
    ...['core', 'node_modules', 'package.json'].map((part) => join(repository, part)),
    home.path(`run/${name}.json`),
    home.path('manifest'),
    home.path('passwords/breached'),
    ...['ca.pem', 'revoked.pem', `${name}.pem`, `${name}.key`].map((file) => home.path('tls', file)),
    ...credentialsOf(home, kind),
    ...also,
  ]
  return ['--permission', '--allow-net', ...readable.map((path) => `--allow-fs-read=${path}`)]
}

/**
 * What the worker tells of its machine and of itself. Only these very files: through `/proc/self/root` and its like a folder of
 * processes leads to every file there is, past the permission model.
 */
const machineFiles = ['/proc/meminfo', '/proc/self/status', '/proc/self/limits']

/** What a generator of outcomes reads: the worker draws, too, for rounds that nobody comes back to. */
const generatorFiles = ['/dev/urandom', '/sys/kernel/uevent_seqnum']

/** What the worker reads to bring the audit log to its second place. */
function shippingFiles({ auditShipTo: ship }: Settings): string[] {
  if (!ship) return []
  if ('file' in ship) return [ship.file]
  return [ship.syslog.caFile, ship.syslog.certFile, ship.syslog.keyFile].filter((file) => file !== undefined)
}

/** The worker compares all of the control program with what was approved; it reads what it compares, and nothing else more. */
function inspected(home: Home): string[] {
  const shipped = ['edge', 'ops', 'provisioning', 'package-lock.json'].map((part) => join(repository, part))
  return [...shipped, ...othersOf(home, true)]
}
