import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Trouble } from './trouble.ts'

/** A user to run as; `undefined` means: as whoever started us. */
export type Identity = { uid: number; gid: number }

/** `engines` is for PostgreSQL and Redis, which never run as root; `nodes` for our own processes. */
export type Identities = { engines?: Identity; nodes?: Identity; note?: string }

const serviceUser = 'countroom'
export const repository = join(import.meta.dirname, '../..')

/**
 * Who runs what. Started by root, everything drops to a service user, made when missing; where that user cannot read
 * this clone, our own processes stay with root, and the note says so.
 */
export function findIdentities(): Identities {
  if (process.getuid?.() !== 0) return {}
  const user = lookUp(serviceUser) ?? makeUser()
  if (canRead(user)) return { engines: user, nodes: user }
  return {
    engines: user,
    note: `The user ${serviceUser} cannot read ${repository}, so the Node processes run as root; PostgreSQL and Redis do not. Move the clone to, say, /opt/countroom to change that.`,
  }
}

/** The name of a user, or its number where it has none. */
export function nameOf(uid: number | undefined): string {
  const found = spawnSync('/usr/bin/id', ['-nu', String(uid)], { encoding: 'utf8' })
  return found.status === 0 ? found.stdout.trim() : `user ${uid}`
}

function lookUp(name: string): Identity | undefined {
  const id = (flag: string) => spawnSync('/usr/bin/id', [flag, name], { encoding: 'utf8' })
  const uid = id('-u')
  return uid.status === 0 ? { uid: Number(uid.stdout), gid: Number(id('-g').stdout) } : undefined
}

function makeUser(): Identity {
  const [command, args] = existsSync('/usr/sbin/adduser')
    ? ['/usr/sbin/adduser', ['--system', '--group', '--quiet', '--no-create-home', '--home', '/nonexistent']]
    : ['/usr/sbin/useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin']]
  try {
    execFileSync(command as string, [...(args as string[]), serviceUser], { stdio: 'pipe' })
  } catch (error) {
    const known = lookUp(serviceUser) // another start may have been quicker
    if (known) return known
    throw new Trouble(`The system user ${serviceUser} could not be made: ${(error as Error).message}`, {
      setting: `the system user ${serviceUser}, which runs what must not run as root`,
      remedy: `adduser --system --group --no-create-home ${serviceUser}`,
      cause: error,
    })
  }
  const made = lookUp(serviceUser)
  if (!made)
    throw new Trouble(`The system user ${serviceUser} was made but is not known.`, {
      setting: '/etc/passwd, /etc/nsswitch.conf',
      remedy: `getent passwd ${serviceUser}`,
    })
  return made
}

function canRead(user: Identity): boolean {
  const probe = spawnSync('/bin/sh', ['-c', 'test -r "$0" && test -x "$1" && test -r "$2"', ...needed()], {
    ...user,
    cwd: '/',
  })
  return probe.status === 0
}

function needed(): string[] {
  return [join(repository, 'package.json'), process.execPath, join(repository, 'node_modules/postgres/package.json')]
}
