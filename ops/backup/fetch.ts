import { existsSync, readdirSync, rmSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Home } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import { makeFolder, ownerOf } from '../appliance/ownership.ts'
import { Trouble } from '../appliance/trouble.ts'
import { writeConfiguration, writeSecrets } from './configuration.ts'
import { type Held, holdings, pgbackrest } from './pgbackrest.ts'
import { furnishBackup, nameOf, wordsOfNone } from './place.ts'
import type { Repository } from './settings.ts'
import { refuseSilent } from './storage.ts'
import { type Target, targetWords } from './target.ts'

/** A repository that is only read, from a home that has nothing else to do with it. */
export type Reading = { home: Home; users: Users; repository: Repository; passphrase: string; processes: number }

/** Room for the log that is replayed, and for what PostgreSQL writes as it comes up. */
const bytesBesides = 128 * 1024 ** 2

/** Makes a home able to read a repository. */
export function openRepository({ home, users, repository, passphrase, processes }: Reading): void {
  furnishBackup(home, users, [])
  writeConfiguration(home, users, [repository], { keepFull: 1, processes })
  writeSecrets(home, users, [repository], passphrase)
}

/** The backup that a restore begins with. @throws Trouble when there is none */
export async function chooseBackup(
  { home, users, repository }: Reading,
  target: Target,
  label: string | undefined,
): Promise<Held> {
  await refuseSilent(repository)
  const { backups, faults } = await holdings(home, users)
  const usable = backups.filter((each) => !each.failed)
  const before = target.kind === 'time' ? usable.filter(({ stoppedAt }) => stoppedAt <= target.at) : usable
  const chosen = label === undefined ? before.at(-1) : usable.find((each) => each.label === label)
  if (chosen) return chosen
  const oldest = usable[0]
  throw new Trouble(
    label !== undefined
      ? `${nameOf(repository)} has no backup ${label}.`
      : oldest
        ? `${nameOf(repository)} reaches back to ${oldest.stoppedAt.toISOString()} only.`
        : wordsOfNone(repository, faults[0]?.why),
    {
      setting: label === undefined ? '--to, --from' : '--set',
      remedy: `it has: ${usable.map((each) => each.label).join(', ') || 'none'}; is it mounted? Is there a second repository?`,
    },
  )
}

/** What an earlier attempt has brought is used again. Answers the bytes that may be filled. @throws Trouble when the disk has no room for the data */
export function refuseSmallDisk(folder: string, { bytes, label }: Held): number {
  const { bavail, bsize } = statfsSync(folder)
  const free = bavail * bsize + bytesIn(join(folder, 'pg'))
  const wanted = bytes + bytesBesides
  if (free >= wanted) return free
  const mebibytes = (count: number) => Math.ceil(count / 1024 ** 2)
  throw new Trouble(
    `The disk is too small: the data of ${label} take ${mebibytes(wanted)} MiB with what replaying needs, ${folder} has ${mebibytes(free)} MiB free.`,
    { setting: '--home', remedy: `another folder, on a larger disk; df -h ${folder}` },
  )
}

/** How much of a backup has been brought, by what lies there. */
export function percentOf({ home }: Reading, { bytes }: Held): () => number {
  return () => (bytesIn(home.path('pg')) / bytes) * 100
}

function bytesIn(folder: string): number {
  if (!existsSync(folder)) return 0
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}

/** Brings the files of a backup into `pg/`, which is empty, or holds what an earlier attempt has left: that is made use of. */
export async function fetchData(
  { home, users }: Reading,
  { label }: Held,
  target: Target,
  signal?: AbortSignal,
): Promise<void> {
  const goesOn = home.has('pg/backup.manifest') || home.has('pg/PG_VERSION')
  if (!goesOn) rmSync(home.path('pg'), { recursive: true, force: true })
  rmSync(home.path('pg/postmaster.pid'), { force: true }) // of an attempt that was killed; its lock says that nobody runs
  makeFolder(home.path('pg'), 0o700, ownerOf(users, 'postgres'))
  const words = [`--set=${label}`, ...targetWords(target), ...(goesOn ? ['--delta'] : [])]
  await pgbackrest(home, users, 'restore', { signal, words })
}
