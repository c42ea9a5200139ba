import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { asUser, type Users } from '../appliance/identity.ts'
import { Trouble } from '../appliance/trouble.ts'
import { parts, pgbackrestBinary, stanza } from './place.ts'

type Running = {
  signal?: AbortSignal | undefined
  words?: readonly string[]
  /** Where in the repository. */
  path?: string | undefined
  /** What it reads. */
  input?: Buffer | undefined
  /** With the one repository that was set apart. */
  alone?: boolean
}

/**
 * Runs one command of pgBackRest for a home, as PostgreSQL's user. Answers what it printed.
 *
 * @throws Trouble with what it said, in the operator's words where they are known; the signal's reason
 */
export async function pgbackrest(
  home: Home,
  users: Users,
  command: string,
  { signal, words = [], path, input, alone = false }: Running = {},
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
    ...(alone
      ? [`--config=${home.path(parts.alone)}`]
      : [`--config=${home.path(parts.configuration)}`, `--config-include-path=${home.path(parts.secret)}`]),
    `--stanza=${stanza}`,
    ...words,
    command,
    ...(path === undefined ? [] : [path]),
  ]
  const child = spawn(...asUser(users.postgres, pgbackrestBinary, all), {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', TZ: 'UTC', PGPASSFILE: home.path(parts.secret, 'pgpass') },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true, // Ctrl-C is for whoever asked, who ends this in order
  })
  child.stdin.on('error', () => {}) // it ended without reading; its exit code says why
  child.stdin.end(input)
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

/** Whatever is stored elsewhere first: what it answers may hold words of the rest. */
const sayings: ReadonlyArray<{ when: RegExp; message: string; remedy: string }> = [
  {
    when: /HTTP request failed with 404|<Code>NoSuchBucket/,
    message: 'The bucket is not there.',
    remedy: 'make it with the means of the storage; bucket, endpoint and style in the settings; ops/runbooks/backup.md',
  },
  {
    when: /HTTP request failed with 40[0-3]/,
    message: 'The storage does not let us in: key, secret or region are not what it knows.',
    remedy: 'look at the files that keyFile and secretFile name, at the region, and at the clock of this machine',
  },
  {
    when: /HTTP request failed with|unable to (connect to|get address for)|ServiceError|HostConnectError/,
    message: 'The storage does not answer.',
    remedy: 'is it up, and reached from here? The endpoint in the settings; the next look goes on by itself',
  },
  {
    when: /unable to verify certificate|CA certificate location|unable to negotiate TLS/,
    message: 'The storage shows a certificate that is not vouched for.',
    remedy: 'name the certificate of its authority in caFile, readable by the user of PostgreSQL',
  },
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
  const error = withoutTalk(/(?:ERROR|ASSERT): (\[\d+\]: .*(?:\n {7,}.*)*)/.exec(text)?.[1])
  const known = sayings.find(({ when }) => when.test(text))
  const why = error ?? (text.trim().split('\n').at(-1) || `it ended with ${code}`)
  return new Trouble(known ? `${known.message} pgBackRest says: ${why}` : `pgBackRest ${command} failed: ${why}`, {
    setting: '"backup" in countroom.json',
    remedy: known?.remedy ?? 'ops/runbooks/backup.md',
    cause: text,
  })
}

/** What was asked of a storage and what it answered, headers and all, differs each time; the code of the refusal is enough. */
function withoutTalk(said: string | undefined): string | undefined {
  if (said === undefined) return undefined
  const [first = '', ...talk] = said.split(/:?\s*\*\*\* Path\/Query/)
  const refusal = /<Code>(\w+)<\/Code>/.exec(talk.join())?.[1]
  return `${first.replaceAll(/\n +/g, ' ')}${refusal ? `, ${refusal}` : ''}`
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
  /** Repositories that hold nothing, or cannot be looked at (`isUnseen`: what they hold nobody knows), and why. */
  faults: Array<{ repository: number; why: string; isUnseen: boolean }>
  /** The newest segment of the log in each. */
  archived: Array<{ repository: number; newest: string | null }>
}

/** All backups of a home, or of one repository, oldest first, and what is wrong with a repository. */
export async function holdings(
  home: Home,
  users: Users,
  { signal, repository }: { signal?: AbortSignal | undefined; repository?: number } = {},
): Promise<Holdings> {
  const words = ['--output=json', ...(repository === undefined ? [] : [`--repo=${repository}`])]
  const [info = {}] = JSON.parse(await pgbackrest(home, users, 'info', { signal, words })) as Info[]
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
      .map(({ key, status }) => ({
        repository: key,
        why: whyOf(status.message),
        isUnseen: status.code === unseenCode,
      })),
    archived: (info.archive ?? []).map(({ max, database }) => ({ repository: database['repo-key'], newest: max })),
  }
}

/** How much of a backup that goes on here is done; undefined where none does, or it has not begun to copy. */
export async function percentDone(home: Home, users: Users, repository: number, signal?: AbortSignal) {
  const said = await pgbackrest(home, users, 'info', { signal, words: [`--repo=${repository}`] })
  return /running - ([\d.]+)% complete/.exec(said)?.[1]
}

/** pgBackRest's "other": whatever kept it from looking. */
const unseenCode = 99

/** Of a repository that cannot be looked at, in the operator's words where they are known. */
function whyOf(message: string): string {
  const known = sayings.find(({ when }) => when.test(message))
  return known && /Error\]/.test(message) ? `${known.message} ${withoutTalk(message)}` : message
}
