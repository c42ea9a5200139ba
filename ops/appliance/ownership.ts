import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { asUser, type Identities, type Kind, nameOf, type Users } from './identity.ts'
import { Trouble } from './trouble.ts'

type Place = { readonly dir: string; path(...parts: string[]): string }

/** Whose a file is to be; `undefined`: whoever writes it. */
export type Owner = { uid: number; gid: number }

/** What is looked at to know whose a home is, two of them with what lies in them; the rest is adopted or made anew. */
const lookedInto = ['pg', 'secrets']
const lookedAt = ['redis', 'tls', 'run', 'log', 'manifest', 'installed']

/** Whose something is that a kind of process works with, or the supervisor alone; undefined where one user runs it all. */
export function ownerOf(users: Users, kind?: Kind): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const { uid, gid } = (kind && users[kind]) ?? { uid: 0, gid: 0 }
  return { uid, gid }
}

/** A rendered configuration: of the process it is for, and the worker may read it, which compares it with what was approved. */
export function configurationOwner(users: Users, kind: Kind): Owner | undefined {
  const owner = ownerOf(users, kind)
  return owner && { uid: owner.uid, gid: ownerOf(users, 'work')?.gid ?? 0 }
}

export const configurationMode = 0o640

/** A home of somebody else is left exactly as it is. @throws Trouble that names the file and both users */
export function refuseForeignOwner(home: Place, { ours }: Pick<Identities, 'ours'>): void {
  const paths = [
    ...lookedAt.map((part) => home.path(part)).filter((path) => existsSync(path)),
    ...lookedInto.flatMap((part) => withContents(home.path(part))),
  ]
  for (const path of paths) {
    const { uid } = lstatSync(path)
    if (ours.includes(uid)) continue
    const own = nameOf(process.getuid?.())
    throw new Trouble(`${path} belongs to ${nameOf(uid)}, and this start would run as ${own}.`, {
      setting: 'COUNTROOM_HOME (where the data live)',
      remedy:
        process.getuid?.() === 0
          ? `start as its owner, or give it away, and the start gives each part to who needs it: chown -R ${own}: ${home.dir}`
          : `start as its owner: sudo -u ${nameOf(uid)} COUNTROOM_HOME=${home.dir} npm start; or COUNTROOM_HOME=<another folder> npm start`,
    })
  }
}

/** Whoever a process runs as must get to the home. @throws Trouble */
export function refuseUnreachable(home: Place, { users }: Pick<Identities, 'users'>): void {
  for (const user of Object.values(users)) {
    const [command, args] = asUser(user, '/bin/sh', ['-c', 'cd "$0"', home.dir])
    if (spawnSync(command, args, { cwd: '/' }).status === 0) continue
    throw new Trouble(
      `The user ${nameOf(user.uid)}, who runs a part of the appliance, cannot enter ${home.dir} or a folder above it.`,
      {
        setting: 'COUNTROOM_HOME (where the data live)',
        remedy: `namei -l ${home.dir}, then chmod o+x the folder that is closed; or COUNTROOM_HOME=/var/lib/countroom npm start`,
      },
    )
  }
}

/** Gives a folder and all in it to who works with it now, after the user or the version has changed; the folder last. */
export function adopt(folder: string, owner: Owner | undefined): void {
  if (!owner || !existsSync(folder)) return
  const { uid, gid } = owner
  const inside = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))
  for (const path of [...inside, folder]) if (lstatSync(path).uid !== uid) lchownSync(path, uid, gid)
}

/** For everybody to read, whatever mask they were written under. */
export function openToReaders(folder: string): void {
  for (const path of [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))]) {
    const found = lstatSync(path)
    if (!found.isSymbolicLink()) chmodSync(path, found.isDirectory() ? 0o755 : 0o644)
  }
}

/** Gives one file to its owner, with a mode if one is said. @throws Trouble when it is none, or a link to one */
export function giveFile(path: string, owner: Owner | undefined, mode?: number): void {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'ELOOP' ? noFile(path) : error
  }
  try {
    const found = fstatSync(descriptor)
    if (!found.isFile()) throw noFile(path)
    if (owner && (found.uid !== owner.uid || found.gid !== owner.gid)) fchownSync(descriptor, owner.uid, owner.gid)
    if (mode !== undefined && (found.mode & 0o7777) !== mode) fchmodSync(descriptor, mode)
  } finally {
    closeSync(descriptor)
  }
}

function noFile(path: string): Trouble {
  return new Trouble(`${path} is no file.`, {
    setting: 'COUNTROOM_HOME (where the data live)',
    remedy: `ls -l ${path}; restore it from a backup`,
  })
}

/** A folder with mode and owner: whole, or not there; parents that are missing are made too. One that is there is set right. */
export function makeFolder(path: string, mode: number, owner?: Owner): void {
  if (existsSync(path)) {
    setRight(path, mode, owner)
    return
  }
  // Not `recursive`: on a read-only file system that answers ENOENT, and the operator would look for the wrong thing.
  if (!existsSync(dirname(path))) makeFolder(dirname(path), 0o755)
  const fresh = `${path}.new`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode: 0o700 })
  if (owner) chownSync(fresh, owner.uid, owner.gid)
  chmodSync(fresh, mode)
  renameSync(fresh, path)
}

function setRight(path: string, mode: number, owner: Owner | undefined): void {
  const found = lstatSync(path)
  if (!found.isDirectory())
    throw new Trouble(`${path} is no folder.`, {
      setting: 'COUNTROOM_HOME (where the data live)',
      remedy: `ls -l ${path}; move it away`,
    })
  if (owner && (found.uid !== owner.uid || found.gid !== owner.gid)) lchownSync(path, owner.uid, owner.gid)
  if ((found.mode & 0o7777) !== mode) chmodSync(path, mode)
}

function withContents(path: string): string[] {
  if (!existsSync(path)) return []
  // A file on its way to its name has not got its owner yet when a start is killed; it does no harm.
  const finished = readdirSync(path).filter((name) => !name.endsWith('.new'))
  return [path, ...finished.map((name) => join(path, name))]
}
