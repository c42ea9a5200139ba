import {
  closeSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { type Identities, repository } from './identity.ts'
import { makeFolder, type Owner, refuseForeignOwner, refuseUnreachable } from './ownership.ts'
import { Trouble } from './trouble.ts'

/** The home directory: everything one appliance keeps, in one place that can be backed up, moved and removed. */
export type Home = {
  readonly dir: string
  path(...parts: string[]): string
  /** Writes a file whole or not at all; for its owner alone, who is whoever writes it, unless said otherwise. */
  write(path: string, content: string, mode?: number, owner?: Owner): void
  has(...parts: string[]): boolean
}

/** The longest path of a Unix socket Linux takes, without the closing zero. */
const socketPathMax = 107

/** Where the home is: `COUNTROOM_HOME`, else `/var/lib/countroom` for root, else `var` in the clone. */
export function homeDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const asked = environment.COUNTROOM_HOME
  if (asked) return isAbsolute(asked) ? asked : resolve(asked)
  return process.getuid?.() === 0 ? '/var/lib/countroom' : join(repository, 'var')
}

/** A view of a home that may not exist yet; makes nothing. */
export function viewHome(dir: string): Home {
  return {
    dir,
    path: (...parts) => join(dir, ...parts),
    has: (...parts) => existsSync(join(dir, ...parts)),
    write(path, content, mode = 0o600, owner) {
      const file = join(dir, path)
      rmSync(`${file}.new`, { force: true })
      // Never through a link: some folders belong to a process that may have been taken over, and root writes into them.
      const descriptor = openSync(`${file}.new`, 'wx', 0o600)
      try {
        writeFileSync(descriptor, content)
        if (owner) fchownSync(descriptor, owner.uid, owner.gid)
        fchmodSync(descriptor, mode)
        fsyncSync(descriptor)
      } catch (error) {
        // A full disk tells no path when it is met in the middle of a file.
        throw Object.assign(error as Error, { path: file })
      } finally {
        closeSync(descriptor)
      }
      renameSync(`${file}.new`, file)
    },
  }
}

/**
 * The home with the one folder that must be there before the lock can be taken; looks first whether all of it is ours,
 * and changes nothing when it is not.
 *
 * @throws Trouble when its path is too long or a file, when it is somebody else's, or out of reach of who runs in it
 */
export function openHome(dir: string, identities: Identities): Home {
  const home = viewHome(dir)
  refuseLongPath(home)
  refuseNoFolder(home)
  refuseForeignOwner(home, identities)
  if (!home.has()) makeFolder(dir, 0o755)
  refuseUnreachable(home, identities)
  if (!home.has('run')) makeFolder(home.path('run'), 0o700) // `furnish` opens it to who may pass
  return home
}

export const secretNames = [
  'postgres-app',
  'postgres-work',
  'postgres-owner',
  'postgres-admin',
  'redis',
  'redis-edge',
  'redis-exporter',
  'edge-tickets',
  'hsm-pin',
  'hsm-so-pin',
  'gateway-sandbox',
  'carrier-sandbox',
  'carrier-sandbox-receipts',
] as const

export type SecretName = (typeof secretNames)[number]

export function readSecretFile(home: Home, name: SecretName): string {
  return readFileSync(home.path('secrets', name), 'utf8').trim()
}

/** Set once the first start went through; from then on, what is missing is damage and is never made anew. */
export function markInstalled(home: Home, fingerprint = ''): void {
  if (!isInstalled(home)) home.write('installed', `${new Date().toISOString()} ${fingerprint}\n`, 0o644)
}

export function isInstalled(home: Home): boolean {
  return home.has('installed')
}

/** What the appliance's token is known by since the first start; undefined before, and for homes that noted none. */
export function fingerprintOf(home: Home): string | undefined {
  return isInstalled(home) ? readFileSync(home.path('installed'), 'utf8').trim().split(' ')[1] : undefined
}

/** @throws Trouble that names what is damaged and the two ways on */
export function damaged(home: Home, what: string, setting = home.dir): Trouble {
  return new Trouble(`The home ${home.dir} is damaged: ${what}.`, {
    setting,
    remedy: `restore it from a backup, or start over without its data: COUNTROOM_HOME=${home.dir} npx countroom reset`,
  })
}

function refuseLongPath(home: Home): void {
  const longest = home.path('run/pg/.s.PGSQL.5432')
  if (Buffer.byteLength(longest) > socketPathMax)
    throw new Trouble(
      `The path of the home directory is too long: the Unix socket ${longest} would have ${Buffer.byteLength(longest)} bytes, Linux takes ${socketPathMax}.`,
      { setting: 'COUNTROOM_HOME', remedy: 'COUNTROOM_HOME=/var/lib/countroom npm start' },
    )
}

function refuseNoFolder({ dir }: Home): void {
  if (!existsSync(dir) || statSync(dir).isDirectory()) return
  throw new Trouble(`The home ${dir} is a file, not a folder.`, {
    setting: 'COUNTROOM_HOME (where the data live)',
    remedy: 'COUNTROOM_HOME=<a folder> npm start',
  })
}
