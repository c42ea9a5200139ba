import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Identity, nameOf } from './identity.ts'
import { Trouble } from './trouble.ts'

type Place = { readonly dir: string; path(...parts: string[]): string }

/** What the engines' user owns, with what lies in it; what lies in the other folders is adopted or made anew. */
const ownedWithContents = ['pg', 'secrets']
const owned = ['redis', 'tls', 'run', 'log', 'manifest', 'installed']

/** A home of somebody else is left exactly as it is. @throws Trouble that names the file and both users */
export function refuseForeignOwner(home: Place, owner?: Identity): void {
  const expected = owner?.uid ?? process.getuid?.()
  const paths = [
    ...owned.map((part) => home.path(part)).filter((path) => existsSync(path)),
    ...ownedWithContents.flatMap((part) => withContents(home.path(part))),
  ]
  for (const path of paths) {
    const { uid } = lstatSync(path)
    if (uid === expected) continue
    throw new Trouble(`${path} belongs to ${nameOf(uid)}, and this start would run as ${nameOf(expected)}.`, {
      setting: 'COUNTROOM_HOME (where the data live)',
      remedy:
        process.getuid?.() === 0
          ? `start as its owner, or give it away: chown -R ${nameOf(expected)}: ${home.dir}`
          : `start as its owner: sudo -u ${nameOf(uid)} COUNTROOM_HOME=${home.dir} npm start; or COUNTROOM_HOME=<another folder> npm start`,
    })
  }
}

/** PostgreSQL and Redis run as a user of their own; that user must get to the home. @throws Trouble */
export function refuseUnreachable(home: Place, owner?: Identity): void {
  if (!owner) return
  if (spawnSync('/bin/sh', ['-c', 'cd "$0"', home.dir], { ...owner, cwd: '/' }).status === 0) return
  throw new Trouble(
    `The user ${nameOf(owner.uid)}, who runs PostgreSQL and Redis, cannot enter ${home.dir} or a folder above it.`,
    {
      setting: 'COUNTROOM_HOME (where the data live)',
      remedy: `namei -l ${home.dir}, then chmod o+x the folder that is closed; or COUNTROOM_HOME=/var/lib/countroom npm start`,
    },
  )
}

/** Gives a folder and all in it to who works with it now, after the clone or the user has changed. */
export function adopt(folder: string, owner?: Identity): void {
  const { uid, gid } = owner ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
  if (process.getuid?.() !== 0) return
  for (const path of [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))])
    if (lstatSync(path).uid !== uid) chownSync(path, uid, gid)
}

/** Whole, with mode and owner, or not there; parents that are missing are made too. */
export function makeFolder(path: string, mode: number, owner?: Identity): void {
  if (existsSync(path)) return
  // Not `recursive`: on a read-only file system that answers ENOENT, and the operator would look for the wrong thing.
  if (!existsSync(dirname(path))) makeFolder(dirname(path), 0o755)
  const fresh = `${path}.new`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { mode })
  chmodSync(fresh, mode)
  if (owner) chownSync(fresh, owner.uid, owner.gid)
  renameSync(fresh, path)
}

function withContents(path: string): string[] {
  if (!existsSync(path)) return []
  // A file on its way to its name has not got its owner yet when a start is killed; it does no harm.
  const finished = readdirSync(path).filter((name) => !name.endsWith('.new'))
  return [path, ...finished.map((name) => join(path, name))]
}
