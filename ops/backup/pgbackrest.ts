import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { asUser, type Users } from '../appliance/identity.ts'
import { Trouble } from '../appliance/trouble.ts'
import { parts, pgbackrestBinary, stanza } from './place.ts'

type Running = { signal?: AbortSignal | undefined; words?: readonly string[] }

/**
 * Runs one command of pgBackRest for a home, as PostgreSQL's user. Answers what it printed.
 *
 * @throws Trouble with what it said, in the operator's words where they are known; the signal's reason
 */
export async function pgbackrest(
  home: Home,
  users: Users,
  command: string,
  { signal, words = [] }: Running = {},
): Promise<string> {
  signal?.throwIfAborted()
  if (!existsSync(pgbackrestBinary))
    throw new Trouble('pgBackRest is not installed.', {
      setting: pgbackrestBinary,
      remedy: 'npm start (it installs what is missing), or apt-get install pgbackrest',
    })
  if (!existsSync(home.path(parts.configuration)))
    throw new Trouble('This appliance was started without backups.', {
      setting: '"backup" in countroom.json',
      remedy: 'start it again, and it makes them: kill its `countroom up`, then npm start',
    })
  const all = [
    `--config=${home.path(parts.configuration)}`,
    `--config-include-path=${home.path(parts.secret)}`,
    `--stanza=${stanza}`,
    ...words,
    command,
  ]
  const child = spawn(...asUser(users.postgres, pgbackrestBinary, all), {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', TZ: 'UTC', PGPASSFILE: home.path(parts.secret, 'pgpass') },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C is for whoever asked, who ends this in order
  })
  let printed = ''
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const end = () => child.kill('SIGTERM')
  signal?.addEventListener('abort', end)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  }).finally(() => signal?.removeEventListener('abort', end))
  signal?.throwIfAborted()
  if (code === 0) return printed
  throw troubleOf(command, `${printed}\n${said}`, code)
}

const sayings: ReadonlyArray<{ when: RegExp; message: string; remedy: string }> = [
  {
    when: /\[050\]|unable to acquire lock/,
    message: 'Another backup, or something else that works on the repository, is under way.',
    remedy: 'wait until it is done: npx countroom backup list',
  },
  {
    when: /No space left on device|Disk quota exceeded/,
    message: 'The disk is full.',
    remedy: 'df -h; free some space, or name a larger place in the settings',
  },
  {
    when: /cipher header invalid|unable to flush|CryptoError|\[029\]/,
    message: 'The repository does not open with the key of this recovery set: it is of another casino, or damaged.',
    remedy: 'name the repository and the recovery set that belong together (--from), or the second repository',
  },
  {
    when: /unable to load info file|backup\.info|archive\.info|no prior backup|unable to find backup set/,
    message: 'The repository is gone, empty, or not what it was.',
    remedy: 'ls the repository; is it mounted? Then npx countroom backup --type full, or the second repository',
  },
  {
    when: /unable to (list|open|create|write)|Permission denied|Read-only file system/,
    message: 'The repository cannot be read or written.',
    remedy: 'is it mounted, and does it belong to the user of PostgreSQL? ls -ld; findmnt',
  },
]

function troubleOf(command: string, text: string, code: number | null): Trouble {
  const error = /(?:ERROR|ASSERT): (\[\d+\]: .*(?:\n {12,}.*)*)/.exec(text)?.[1]?.replaceAll(/\n +/g, ' ')
  const known = sayings.find(({ when }) => when.test(text))
  const why = error ?? (text.trim().split('\n').at(-1) || `it ended with ${code}`)
  return new Trouble(known ? `${known.message} pgBackRest says: ${why}` : `pgBackRest ${command} failed: ${why}`, {
    setting: '"backup" in countroom.json',
    remedy: known?.remedy ?? 'ops/runbooks/backup.md',
    cause: text,
  })
}

/** What a repository holds, by pgBackRest's `info`. */
export type Held = {
  label: string
  type: 'full' | 'diff' | 'incr'
  repository: number
  startedAt: Date
  stoppedAt: Date
  /** Of the database as it was, and what it takes in the repository. */
  bytes: number
  storedBytes: number
  failed: boolean
}

type Info = {
  backup?: Array<{
    label: string
    type: Held['type']
    timestamp: { start: number; stop: number }
    info: { size: number; repository: { size: number; delta: number } }
    database: { 'repo-key': number }
    error: boolean | null
  }>
  repo?: Array<{ key: number; status: { code: number; message: string } }>
  archive?: Array<{ min: string | null; max: string | null; database: { 'repo-key': number } }>
}

export type Holdings = {
  backups: Held[]
  /** Repositories that cannot be looked at, or hold nothing, and why. */
  faults: Array<{ repository: number; why: string }>
  /** The newest segment of the log in each. */
  archived: Array<{ repository: number; newest: string | null }>
}

/** All backups of a home, oldest first, and what is wrong with a repository. */
export async function holdings(home: Home, users: Users, signal?: AbortSignal): Promise<Holdings> {
  const [info = {}] = JSON.parse(await pgbackrest(home, users, 'info', { signal, words: ['--output=json'] })) as Info[]
  const backups = (info.backup ?? []).map((each) => ({
    label: each.label,
    type: each.type,
    repository: each.database['repo-key'],
    startedAt: new Date(each.timestamp.start * 1000),
    stoppedAt: new Date(each.timestamp.stop * 1000),
    bytes: each.info.size,
    storedBytes: each.info.repository.delta,
    failed: each.error === true,
  }))
  return {
    backups: backups.sort((a, b) => a.stoppedAt.getTime() - b.stoppedAt.getTime()),
    faults: (info.repo ?? [])
      .filter(({ status }) => status.code !== 0)
      .map(({ key, status }) => ({ repository: key, why: status.message })),
    archived: (info.archive ?? []).map(({ max, database }) => ({ repository: database['repo-key'], newest: max })),
  }
}
