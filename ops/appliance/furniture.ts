import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, readdirSync, rmSync, statSync } from 'node:fs'
import { damaged, type Home, isInstalled, readSecretFile, type SecretName, secretNames } from './home.ts'
import type { Identities } from './identity.ts'
import { adopt, makeFolder } from './ownership.ts'
import { readSettings } from './settings.ts'
import { Trouble } from './trouble.ts'

const folders = {
  redis: 0o700,
  token: 0o700,
  'token/tokens': 0o700,
  'token/state': 0o700,
  tls: 0o755,
  secrets: 0o700,
  log: 0o750,
}

/** Makes the folders and secrets that are missing; under the lock. @throws Trouble when the home is damaged */
export function furnish(home: Home, { engines, nodes }: Identities): void {
  for (const [folder, mode] of Object.entries(folders)) makeFolder(home.path(folder), mode, engines)
  for (const name of secretNames) ensureSecret(home, name)
  if (isInstalled(home)) refuseDamage(home)
  adopt(home.path('tls'), engines)
  adopt(home.path('token'), nodes)
}

/** What a key agent alone needs; what a token was lost with is made anew. */
export function furnishToken(home: Home, { engines, nodes }: Identities): void {
  for (const folder of ['token', 'token/tokens', 'token/state', 'secrets', 'log'] as const)
    makeFolder(home.path(folder), folders[folder], engines)
  for (const name of secretNames.filter((each) => each.startsWith('hsm-')))
    if (!home.has('secrets', name)) home.write(`secrets/${name}`, newSecret(), modeOf(name))
  adopt(home.path('token'), nodes)
}

/** A token of a start that never went through holds nothing anybody used; it is made anew. */
export function clearUnusedToken(home: Home): void {
  if (readSettings(home).pkcs11) return // somebody else's token is not ours to clear; the agent takes up what it began
  for (const folder of ['token/tokens', 'token/state'])
    for (const name of readdirSync(home.path(folder))) rmSync(home.path(folder, name), { recursive: true, force: true })
}

/** What an installed appliance must have, and only a backup can give back. */
export function refuseDamage(home: Home): void {
  if (!home.has('pg/PG_VERSION')) throw damaged(home, `${home.path('pg')} is gone or empty`)
  if (!readSettings(home).pkcs11 && readdirSync(home.path('token/tokens')).length === 0)
    throw damaged(home, `the token in ${home.path('token/tokens')} is gone`)
}

function ensureSecret(home: Home, name: SecretName): void {
  const file = home.path('secrets', name)
  const there = home.has('secrets', name)
  if (there) refuseOpenSecret(file)
  if (there && readSecretFile(home, name) !== '') {
    if ((statSync(file).mode & 0o777) !== modeOf(name)) chmodSync(file, modeOf(name)) // earlier versions made all alike
    return
  }
  if (isInstalled(home)) throw damaged(home, `the secret ${file} is ${there ? 'empty' : 'gone'}`, file)
  home.write(`secrets/${name}`, newSecret(), modeOf(name))
}

/** Another secret in the place of one, for the same readers. */
export function replaceSecret(home: Home, name: SecretName, secret: string): void {
  const file = home.path('secrets', name)
  const { uid, gid, mode } = statSync(file)
  home.write(`secrets/${name}`, `${secret}\n`, mode & 0o777)
  if (process.getuid?.() === 0) chownSync(file, uid, gid)
}

export function newSecret(): string {
  return `${randomBytes(24).toString('base64url')}\n`
}

/** PINs never change, and the key agent takes them from a file that not even its owner writes to. */
function modeOf(name: SecretName): number {
  return name.startsWith('hsm-') ? 0o400 : 0o600
}

function refuseOpenSecret(file: string): void {
  const mode = statSync(file).mode & 0o777
  if ((mode & 0o077) === 0) return
  throw new Trouble(`The secret ${file} is open to others (mode ${mode.toString(8)}).`, {
    setting: file,
    remedy: `chmod 600 ${file}; whoever could read it may know it`,
  })
}
