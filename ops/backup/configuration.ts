import { readFileSync, realpathSync } from 'node:fs'
import { type Home, readSecretFile } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import { configurationMode, configurationOwner, ownerOf } from '../appliance/ownership.ts'
import { roles, socketPortOf } from '../appliance/postgres.ts'
import { postgresFolder } from '../appliance/sockets.ts'
import { Trouble } from '../appliance/trouble.ts'
import { parts, stanza } from './place.ts'
import type { BackupSettings, Repository } from './settings.ts'

type Options = Pick<BackupSettings, 'keepFull' | 'archiveQueueMegabytesMax' | 'processes'>

/** Renders what pgBackRest reads; the same at each start, and no secret in it. It must name the data as the server does, which in a cluster lie elsewhere. */
export function writeConfiguration(
  home: Home,
  users: Users,
  repositories: readonly Repository[],
  options: Options,
): void {
  home.write(
    parts.configuration,
    render(home, repositories, options),
    configurationMode,
    configurationOwner(users, 'postgres'),
  )
}

/**
 * Hands the passphrase, and whatever else the repositories ask for, to PostgreSQL's user.
 *
 * @throws Trouble when a file of a key or secret cannot be read
 */
export function writeSecrets(home: Home, users: Users, repositories: readonly Repository[], passphrase: string): void {
  const write = (file: string, text: string) =>
    home.write(`${parts.secret}/${file}`, text, 0o600, ownerOf(users, 'postgres'))
  write('repositories.conf', secretsOf(repositories, passphrase))
  write('pgpass', `*:*:*:${roles.admin}:${readSecretFile(home, 'postgres-admin')}\n`)
}

/** All of it for one repository, as if there were no other. It locks by itself: what the log and the others do meanwhile goes on. */
export function writeAlone(
  home: Home,
  users: Users,
  repository: Repository,
  options: Options,
  passphrase: string,
): void {
  const configuration = render(home, [repository], options).replace(/^lock-path=.*$/m, `$&/alone`)
  const text = `${secretsOf([repository], passphrase)}${configuration.replace('[global]\n', '')}`
  home.write(parts.alone, text, 0o600, ownerOf(users, 'postgres'))
}

function secretsOf(repositories: readonly Repository[], passphrase: string): string {
  const lines = repositories.flatMap((repository, index) => {
    const of = `repo${index + 1}`
    return [
      `${of}-cipher-pass=${passphrase}`,
      ...('s3' in repository
        ? [
            `${of}-s3-key=${secretIn(repository.s3.keyFile)}`,
            `${of}-s3-key-secret=${secretIn(repository.s3.secretFile)}`,
          ]
        : []),
    ]
  })
  return `[global]\n${lines.join('\n')}\n`
}

/**
 * pgBackRest asks a storage that is away four times, for a minute each time unless it is told. Meanwhile nothing of the log reaches the other repositories,
 * and a list waits; a backup into one of them waits for the log in turn.
 */
function patience(repositories: readonly Repository[]): string {
  const silences = repositories.flatMap((each) => ('s3' in each ? [each.s3.silenceSecondsMax] : []))
  if (silences.length === 0) return ''
  const timeout = `io-timeout=${Math.max(...silences)}`
  return `
[global:archive-push]
${timeout}

[global:info]
${timeout}

[global:backup]
archive-timeout=600
`
}

function render(home: Home, repositories: readonly Repository[], options: Options): string {
  const { keepFull, archiveQueueMegabytesMax: queue, processes } = options
  const each = repositories.flatMap((repository, index) =>
    [...wordsOf(repository), ['cipher-type', 'aes-256-cbc'], ['bundle', 'y'], ['retention-full', String(keepFull)]].map(
      ([name, value]) => `repo${index + 1}-${name}=${value}`,
    ),
  )
  return `# rendered by countroom at every start; change countroom.json instead
[global]
${each.join('\n')}
process-max=${processes}
compress-type=zst
start-fast=y
archive-async=y
${queue === undefined ? '' : `archive-push-queue-max=${queue}MiB\n`}spool-path=${home.path(parts.spool)}
lock-path=${home.path(parts.lock)}
log-level-file=off
${patience(repositories)}
[${stanza}]
pg1-path=${home.has('pg') ? realpathSync(home.path('pg')) : home.path('pg')}
pg1-socket-path=${postgresFolder(home)}
pg1-port=${socketPortOf(home)}
pg1-user=${roles.admin}
`
}

function wordsOf(repository: Repository): string[][] {
  if ('directory' in repository)
    return [
      ['type', 'posix'],
      ['path', repository.directory],
    ]
  if ('s3' in repository) {
    const { bucket, endpoint, region, path, caFile, style } = repository.s3
    return [
      ['type', 's3'],
      ['path', path],
      ['s3-bucket', bucket],
      ['s3-endpoint', endpoint],
      ['s3-region', region],
      ['s3-uri-style', style],
      ...(caFile === undefined ? [] : [['storage-ca-file', caFile]]),
    ]
  }
  const { host, port, user, path, privateKeyFile, hostFingerprint } = repository.sftp
  return [
    ['type', 'sftp'],
    ['path', path],
    ['sftp-host', host],
    ['sftp-host-port', String(port)],
    ['sftp-host-user', user],
    ['sftp-private-key-file', privateKeyFile],
    ['sftp-host-key-hash-type', 'sha256'],
    ['sftp-host-fingerprint', hostFingerprint],
  ]
}

function secretIn(file: string): string {
  try {
    const secret = readFileSync(file, 'utf8').trim()
    if (secret !== '') return secret
  } catch {}
  throw new Trouble(`${file} has no key or secret of the storage in it, or cannot be read.`, {
    setting: '"keyFile" and "secretFile" of a repository in countroom.json',
    remedy: `write what the storage gave you into it: one line; ls -l ${file}`,
  })
}
