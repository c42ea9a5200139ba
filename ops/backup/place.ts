import { rmSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import { makeFolder, ownerOf } from '../appliance/ownership.ts'
import type { BackupSettings, Repository } from './settings.ts'

/** The name of the one database cluster of a home in its repositories. */
export const stanza = 'countroom'
export const pgbackrestBinary = '/usr/bin/pgbackrest'

/** Where a home keeps what backups work with. */
export const parts = {
  configuration: 'run/backup/pgbackrest.conf',
  /** Passphrases, for PostgreSQL's user alone and only while something runs. */
  secret: 'run/backup/secret',
  /** Configuration and passphrase of one repository, while the others stay out of it. */
  alone: 'run/backup/secret/alone',
  /** There once a repository can take something; PostgreSQL waits for it. */
  ready: 'run/backup/ready',
  lock: 'run/backup/lock',
  spool: 'run/backup/spool',
  /** The repository of a home whose settings name none. */
  repository: 'repository',
  /** The key of the repositories, wrapped. */
  key: 'backup/repository-key.json',
  drills: 'backup/drills',
} as const

export function repositoriesOf(home: Home, { repositories }: Pick<BackupSettings, 'repositories'>): Repository[] {
  return repositories ?? [{ directory: home.path(parts.repository) }]
}

/** What a repository is called when people are told of it. */
export function nameOf(repository: Repository): string {
  if ('directory' in repository) return repository.directory
  if ('s3' in repository) return `s3://${repository.s3.bucket}${repository.s3.path} at ${repository.s3.endpoint}`
  return `sftp://${repository.sftp.user}@${repository.sftp.host}${repository.sftp.path}`
}

/** What is said of a repository where no backup is seen: why none is, where that is known. */
export function wordsOfNone(repository: Repository, why: string | undefined): string {
  return `${nameOf(repository)} holds no backup${why === undefined ? '.' : `: ${why}`}`
}

/** The folders that backups work with, before PostgreSQL starts; nothing is ready yet. */
export function furnishBackup(home: Home, users: Users, repositories: readonly Repository[]): void {
  const postgres = ownerOf(users, 'postgres')
  makeFolder(home.path('backup'), 0o700, ownerOf(users))
  makeFolder(home.path('run/backup'), 0o711, ownerOf(users))
  for (const folder of [parts.secret, parts.lock, parts.spool]) makeFolder(home.path(folder), 0o700, postgres)
  forget(home)
  for (const repository of repositories)
    if ('directory' in repository) makeFolder(repository.directory, 0o750, postgres)
}

/** What was there only while something ran. */
export function forget(home: Home): void {
  for (const file of [parts.ready, parts.alone, `${parts.secret}/repositories.conf`, `${parts.secret}/pgpass`])
    rmSync(home.path(file), { force: true })
}
