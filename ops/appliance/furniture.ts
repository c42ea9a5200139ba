import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, lstatSync, readdirSync, rmSync, statSync } from 'node:fs'
import { readerOf } from './components.ts'
import { handOut } from './credentials.ts'
import { damaged, type Home, isInstalled, readSecretFile, type SecretName, secretNames } from './home.ts'
import type { Identities, Kind } from './identity.ts'
import { adopt, giveFile, makeFolder, type Owner, openToReaders, ownerOf } from './ownership.ts'
import { pendingRejoin } from './rejoin.ts'
import { readSettings } from './settings.ts'
import { Trouble } from './trouble.ts'

type Folder = { path: string; mode: number; owner: Owner | undefined }

/**
 * The folders of a home. Where root supervises they are root's, but for those a process writes to; everybody may pass through `run`,
 * and no further than their own sockets. Where one user runs it all, they are that user's alone.
 */
function foldersOf({ users, data }: Identities): Folder[] {
  const supervisor = ownerOf(users)
  const passage = supervisor ? 0o711 : 0o700
  const meeting = supervisor ? 0o2710 : 0o700 // what is made in it gets its group
  const own = (kind: Kind) => ownerOf(users, kind)
  const grouped = (owner: Owner | undefined, gid: number | undefined) => owner && { uid: owner.uid, gid: gid ?? 0 }
  return [
    { path: 'run', mode: passage, owner: supervisor },
    { path: 'run/pg', mode: meeting, owner: grouped(own('postgres'), data) },
    { path: 'run/redis', mode: meeting, owner: grouped(own('redis'), data) },
    { path: 'run/core', mode: meeting, owner: grouped(own('keys'), own('core')?.gid) },
    { path: 'run/work', mode: meeting, owner: grouped(own('keys'), own('work')?.gid) },
    { path: 'run/edge', mode: meeting, owner: grouped(own('keys'), own('edge')?.gid) },
    { path: 'run/admin', mode: 0o700, owner: own('edge') },
    { path: 'run/ops', mode: meeting, owner: grouped(own('keys'), supervisor?.gid) },
    { path: 'redis', mode: 0o700, owner: own('redis') },
    { path: 'token', mode: 0o700, owner: own('keys') },
    { path: 'token/tokens', mode: 0o700, owner: own('keys') },
    { path: 'token/state', mode: 0o700, owner: own('keys') },
    { path: 'continuity', mode: 0o700, owner: own('core') },
    { path: 'acme', mode: 0o700, owner: own('edge') },
    { path: 'tls', mode: 0o755, owner: supervisor },
    { path: 'secrets', mode: 0o700, owner: supervisor },
    { path: 'log', mode: 0o750, owner: supervisor },
  ]
}

/** Makes the folders and secrets that are missing, and gives all to who works with it; under the lock. @throws Trouble when the home is damaged */
export function furnish(home: Home, identities: Identities): void {
  for (const { path, mode, owner } of foldersOf(identities)) makeFolder(home.path(path), mode, owner)
  for (const name of secretNames) ensureSecret(home, name)
  if (isInstalled(home)) refuseDamage(home)
  giveAway(home, identities)
  handOut(home, identities.users)
}

/** What a key agent alone needs; what a token was lost with is made anew. */
export function furnishToken(home: Home, identities: Identities): void {
  const needed = /^(run|token|secrets|log)/
  for (const { path, mode, owner } of foldersOf(identities))
    if (needed.test(path)) makeFolder(home.path(path), mode, owner)
  for (const name of secretNames.filter((each) => each.startsWith('hsm-')))
    if (!home.has('secrets', name)) home.write(`secrets/${name}`, newSecret(), modeOf(name))
  adopt(home.path('token'), ownerOf(identities.users, 'keys'))
  handOut(home, identities.users, ['keys'])
}

/**
 * To each what it works with, whoever had it before: an earlier version, which ran everything as one user, or a start as root
 * where a clone could not be read.
 */
function giveAway(home: Home, { users, ours }: Identities): void {
  const supervisor = ownerOf(users)
  if (!supervisor) return
  for (const folder of ['secrets', 'log', 'backup', 'manifest', 'passwords']) adopt(home.path(folder), supervisor)
  for (const folder of ['manifest', 'passwords']) if (home.has(folder)) openToReaders(home.path(folder))
  adopt(home.path('token'), ownerOf(users, 'keys'))
  adopt(home.path('redis'), ownerOf(users, 'redis'))
  adopt(home.path('continuity'), ownerOf(users, 'core'))
  adopt(home.path('acme'), ownerOf(users, 'edge'))
  if (home.has('etcd')) adopt(home.path('etcd'), ownerOf(users, 'etcd'))
  const postgres = ownerOf(users, 'postgres')
  if (home.has('pg') && statSync(home.path('pg')).uid !== postgres?.uid) adopt(home.path('pg'), postgres) // it may be large
  for (const { name } of readdirSync(home.path('tls'), { withFileTypes: true }).filter((entry) => entry.isFile())) {
    const kind = name.endsWith('.key') ? readerOf(name.slice(0, -'.key'.length)) : undefined
    giveFile(home.path('tls', name), ownerOf(users, kind))
  }
  for (const name of ['installed', pendingRejoin]) if (home.has(name)) giveFile(home.path(name), supervisor)
  // The settings and the folder of it all may be an administrator's own; what was a process's is no process's any more.
  if (home.has('countroom.json') && ours.includes(lstatSync(home.path('countroom.json')).uid))
    giveFile(home.path('countroom.json'), supervisor)
  if (ours.includes(statSync(home.dir).uid)) chownSync(home.dir, supervisor.uid, supervisor.gid)
}

/** A token of a start that never went through holds nothing anybody used; it is made anew. */
export function clearUnusedToken(home: Home): void {
  if (readSettings(home).pkcs11) return // somebody else's token is not ours to clear; the agent takes up what it began
  for (const folder of ['token/tokens', 'token/state'])
    for (const name of readdirSync(home.path(folder))) rmSync(home.path(folder, name), { recursive: true, force: true })
}

/** What an installed appliance must have, and only a backup can give back. */
export function refuseDamage(home: Home): void {
  const { cluster, edgeNode } = readSettings(home)
  if (edgeNode) return // it has neither data nor keys
  const isKeptByOthers = cluster !== undefined // Patroni makes it anew from them
  if (!isKeptByOthers && !home.has('pg/PG_VERSION')) throw damaged(home, `${home.path('pg')} is gone or empty`)
  if (!readSettings(home).pkcs11 && readdirSync(home.path('token/tokens')).length === 0)
    throw damaged(home, `the token in ${home.path('token/tokens')} is gone`)
}

/** Came with a later version, and every start tells both sides what it is: nothing is lost with it. */
const madeAnew: readonly SecretName[] = [
  'postgres-work',
  'redis-edge',
  'redis-exporter',
  'edge-tickets',
  'carrier-sandbox',
  'carrier-sandbox-receipts',
]

function ensureSecret(home: Home, name: SecretName): void {
  const file = home.path('secrets', name)
  const there = home.has('secrets', name)
  if (there) refuseOpenSecret(file)
  if (there && readSecretFile(home, name) !== '') {
    if ((statSync(file).mode & 0o777) !== modeOf(name)) chmodSync(file, modeOf(name)) // earlier versions made all alike
    return
  }
  if (isInstalled(home) && !madeAnew.includes(name))
    throw damaged(home, `the secret ${file} is ${there ? 'empty' : 'gone'}`, file)
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
