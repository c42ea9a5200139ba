import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync as readdirOf,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { type Identity, repository } from './identity.ts'
import { Trouble } from './trouble.ts'

/** The home directory: everything one appliance keeps, in one place that can be backed up, moved and removed. */
export type Home = {
  readonly dir: string
  path(...parts: string[]): string
  /** Writes a file whole or not at all, owned by whoever the appliance runs as. */
  write(path: string, content: string, mode?: number): void
  has(...parts: string[]): boolean
}

const folders = {
  redis: 0o700,
  token: 0o700,
  'token/tokens': 0o700,
  tls: 0o755,
  secrets: 0o700,
  run: 0o700,
  log: 0o750,
}

/** The longest path of a Unix socket Linux takes, without the closing zero. */
const socketPathMax = 107

export const secretNames = [
  'postgres-app',
  'postgres-owner',
  'postgres-admin',
  'redis',
  'hsm-pin',
  'hsm-so-pin',
  'gateway-sandbox',
] as const

/** Where the home is: `COUNTROOM_HOME`, else `/var/lib/countroom` for root, else `var` in the clone. */
export function homeDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const asked = environment.COUNTROOM_HOME
  if (asked) return isAbsolute(asked) ? asked : resolve(asked)
  return process.getuid?.() === 0 ? '/var/lib/countroom' : join(repository, 'var')
}

/** A view of a home that may not exist yet; makes nothing. */
export function viewHome(dir: string, owner?: Identity): Home {
  return {
    dir,
    path: (...parts) => join(dir, ...parts),
    has: (...parts) => existsSync(join(dir, ...parts)),
    write(path, content, mode = 0o600) {
      const file = join(dir, path)
      writeFileSync(`${file}.new`, content, { mode })
      chmodSync(`${file}.new`, mode)
      if (owner) chownSync(`${file}.new`, owner.uid, owner.gid)
      renameSync(`${file}.new`, file)
    },
  }
}

/** Makes the folders and secrets that are missing. @throws Trouble when the home is damaged or its path too long */
export function openHome(dir: string, owner?: Identity): Home {
  const home = viewHome(dir, owner)
  const longest = home.path('run', '.s.PGSQL.5432')
  if (Buffer.byteLength(longest) > socketPathMax)
    throw new Trouble(
      `The path of the home directory is too long: the Unix socket ${longest} would have ${Buffer.byteLength(longest)} bytes, Linux takes ${socketPathMax}.`,
      { setting: 'COUNTROOM_HOME', remedy: 'COUNTROOM_HOME=/var/lib/countroom npm start' },
    )
  makeFolder(dir, 0o755, owner)
  for (const [folder, mode] of Object.entries(folders)) makeFolder(home.path(folder), mode, owner)
  for (const name of secretNames) ensureSecret(home, name)
  if (isInstalled(home)) refuseDamage(home)
  return home
}

/** Set once the first start went through; from then on, what is missing is damage and is never made anew. */
export function markInstalled(home: Home): void {
  if (!isInstalled(home)) home.write('installed', `${new Date().toISOString()}\n`, 0o644)
}

export function isInstalled(home: Home): boolean {
  return home.has('installed')
}

export function readSecretFile(home: Home, name: (typeof secretNames)[number]): string {
  return readFileSync(home.path('secrets', name), 'utf8').trim()
}

function makeFolder(path: string, mode: number, owner?: Identity): void {
  if (existsSync(path)) return
  mkdirSync(path, { recursive: true, mode })
  chmodSync(path, mode)
  if (owner) chownSync(path, owner.uid, owner.gid)
}

function ensureSecret(home: Home, name: string): void {
  if (home.has('secrets', name)) return
  if (isInstalled(home))
    throw new Trouble(`The home ${home.dir} is damaged: the secret ${home.path('secrets', name)} is gone.`, {
      setting: home.path('secrets'),
      remedy: `restore secrets/ from a backup, or start over without its data: COUNTROOM_HOME=${home.dir} npx countroom reset`,
    })
  home.write(`secrets/${name}`, `${randomBytes(24).toString('base64url')}\n`)
}

function refuseDamage(home: Home): void {
  for (const part of ['pg/PG_VERSION', 'token/tokens'])
    if (!home.has(part) || (part === 'token/tokens' && isEmpty(home)))
      throw new Trouble(`The home ${home.dir} is damaged: ${home.path(part)} is gone or empty.`, {
        setting: 'COUNTROOM_HOME',
        remedy: `restore it from a backup, or start over without its data: COUNTROOM_HOME=${home.dir} npx countroom reset`,
      })
}

function isEmpty(home: Home): boolean {
  return readdirOf(home.path('token/tokens')).length === 0
}

/** A token of a start that never went through holds nothing anybody used; it is made anew. */
export function clearUnusedToken(home: Home): void {
  if (isInstalled(home)) return
  for (const name of readdirOf(home.path('token/tokens')))
    rmSync(home.path('token/tokens', name), { recursive: true, force: true })
}
