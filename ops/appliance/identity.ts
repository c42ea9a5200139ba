import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { Trouble } from './trouble.ts'

/** A user to run as, with the groups it has besides its own; `undefined` means: as whoever started us. */
export type Identity = { uid: number; gid: number; groups?: readonly number[] }

/**
 * The kinds of process that are kept apart, and the system user of each, with a group of the same name. PostgreSQL's is named as
 * earlier versions named the one that ran everything, so that its data stay whose they are.
 */
export const userNames = {
  postgres: 'countroom',
  redis: 'countroom-redis',
  etcd: 'countroom-etcd',
  keys: 'countroom-keys',
  core: 'countroom-core',
  work: 'countroom-work',
  edge: 'countroom-edge',
  sandbox: 'countroom-sandbox',
  exporter: 'countroom-exporter',
} as const

export type Kind = keyof typeof userNames
export type Users = Readonly<Partial<Record<Kind, Identity>>>

/** Who runs what; all users that are ours, whoever runs; the group that may come to PostgreSQL's and Redis's sockets. */
export type Identities = { users: Users; ours: readonly number[]; data?: number; note?: string }

/** May connect to PostgreSQL and Redis: core, worker, and who tells of them. */
const dataGroup = 'countroom-data'
const engines = ['postgres', 'redis', 'etcd', 'exporter'] as const
const nodes = ['keys', 'core', 'work', 'edge', 'sandbox'] as const
export const repository = join(import.meta.dirname, '../..')

const setpriv = '/usr/bin/setpriv'
const lockFile = '/run/countroom-users.lock'
const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }

/**
 * Who runs what. Started by root, each kind of process drops to a system user of its own, made when missing; where one of them
 * cannot read this clone, our own processes stay with root, and the note says so. @throws Trouble when one cannot be made
 */
export function findIdentities(): Identities {
  if (process.getuid?.() !== 0) return { users: {}, ours: [process.getuid?.() ?? 0] }
  const found = lookUp()
  const { users, data } = isComplete(found) ? found : makeUsers()
  const kinds = Object.keys(userNames) as Kind[]
  const all = Object.fromEntries(
    kinds.map((kind) => [
      kind,
      { ...users[kind], ...(['core', 'work', 'exporter'].includes(kind) ? { groups: [data] } : {}) },
    ]),
  ) as Record<Kind, Identity>
  const ours = [0, ...kinds.map((kind) => all[kind].uid)]
  const unable = nodes.filter((kind) => !canRead(all[kind])).map((kind) => userNames[kind])
  if (unable.length === 0) return { users: all, ours, data }
  return {
    users: Object.fromEntries(engines.map((kind) => [kind, all[kind]])),
    ours,
    data,
    note: `${unable.join(', ')} cannot read ${repository}, so the Node processes run as root; PostgreSQL and Redis do not. Move the clone to, say, /opt/countroom, or chmod -R o+rX it, to change that.`,
  }
}

/** The words that run a command as a user: with its groups and no others, and no way back by a program that is setuid. */
export function asUser(identity: Identity | undefined, command: string, args: readonly string[]): [string, string[]] {
  if (!identity) return [command, [...args]]
  const { uid, gid, groups = [] } = identity
  const also = groups.length > 0 ? `--groups=${groups.join(',')}` : '--clear-groups'
  return [setpriv, [`--reuid=${uid}`, `--regid=${gid}`, also, '--no-new-privs', '--', command, ...args]]
}

/** The name of a user, or its number where it has none. */
export function nameOf(uid: number | undefined): string {
  const found = spawnSync('/usr/bin/id', ['-nu', String(uid)], { encoding: 'utf8' })
  return found.status === 0 ? found.stdout.trim() : `user ${uid}`
}

type Found = { users: Partial<Record<Kind, { uid: number; gid: number }>>; data: number | undefined }
type Complete = { users: Record<Kind, { uid: number; gid: number }>; data: number }

function lookUp(): Found {
  const passwd = entriesOf('passwd', Object.values(userNames))
  const users = Object.entries(userNames).flatMap(([kind, name]) => {
    const entry = passwd.find(([each]) => each === name)
    return entry ? [[kind, { uid: Number(entry[2]), gid: Number(entry[3]) }] as const] : []
  })
  const [group] = entriesOf('group', [dataGroup])
  return { users: Object.fromEntries(users), data: group && Number(group[2]) }
}

/** What the system knows of names, wherever it has them from. */
function entriesOf(database: 'passwd' | 'group', names: readonly string[]): string[][] {
  const { stdout } = spawnSync('/usr/bin/getent', [database, ...names], { encoding: 'utf8' })
  return (stdout ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(':'))
}

function isComplete(found: Found): found is Complete {
  return found.data !== undefined && Object.keys(userNames).every((kind) => found.users[kind as Kind])
}

/** Makes what is missing; one start at a time, since the system's own locks do not keep two from making the same name. */
function makeUsers(): Complete {
  const script = `set -e
    getent group ${dataGroup} > /dev/null || groupadd --system ${dataGroup}
    for name in ${Object.values(userNames).join(' ')}; do
      getent group $name > /dev/null || groupadd --system $name
      getent passwd $name > /dev/null ||
        useradd --system --gid $name --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin $name
    done`
  const made = spawnSync('/usr/bin/flock', [lockFile, '/bin/sh', '-c', script], { encoding: 'utf8', env })
  const found = lookUp()
  if (isComplete(found)) return found
  throw new Trouble(
    `The system users that run what must not run as root could not be made: ${made.error?.message ?? made.stderr.trim()}`,
    {
      setting: `the users ${Object.values(userNames).join(', ')} and the group ${dataGroup}, in /etc/passwd and /etc/group`,
      remedy: `groupadd --system ${dataGroup}; for u in ${Object.values(userNames).join(' ')}; do useradd --system --user-group --no-create-home --shell /usr/sbin/nologin $u; done`,
    },
  )
}

function canRead(user: Identity): boolean {
  const [command, args] = asUser(user, '/bin/sh', [
    '-c',
    'test -r "$0" && test -x "$1" && test -r "$2"',
    join(repository, 'package.json'),
    process.execPath,
    join(repository, 'node_modules/postgres/package.json'),
  ])
  return spawnSync(command, args, { cwd: '/' }).status === 0
}
