import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { connectKeys } from '#keys'
import type { Home } from '../appliance/home.ts'
import type { Users } from '../appliance/identity.ts'
import { giveFile, makeFolder, ownerOf } from '../appliance/ownership.ts'
import { connect } from '../appliance/postgres.ts'
import type { Settings } from '../appliance/settings.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { Trouble } from '../appliance/trouble.ts'
import { observe } from '../failover/observe.ts'
import { writeKeysBackup } from '../keys/backup.ts'
import { writeAlone, writeConfiguration, writeSecrets } from './configuration.ts'
import { exclusively } from './exclusive.ts'
import { type Held, holdings, percentDone, pgbackrest } from './pgbackrest.ts'
import { nameOf, parts, pgbackrestBinary, repositoriesOf, wordsOfNone } from './place.ts'
import { writeRecoverySet } from './recovery-set.ts'
import { ensureRepositoryKey, openRepositoryKey } from './repository-key.ts'
import type { Due } from './schedule.ts'
import type { BackupSettings, Repository } from './settings.ts'
import { refuseSilent } from './storage.ts'
import { storeSet } from './stored-set.ts'
import { note, noteFailure } from './told.ts'
import { telling } from './while.ts'

export type BackupType = Held['type']

const by = 'countroom backup'

/** A running appliance that backs its data up. */
export type Backed = { home: Home; settings: Settings; users: Users }

/** @throws Trouble where the settings name no backups */
export function backupSettingsOf({ backup }: Settings): BackupSettings {
  if (backup) return backup
  throw new Trouble('This appliance makes no backups.', {
    setting: '"backup" in countroom.json',
    remedy: 'write "backup": {} into countroom.json, or say where (ops/runbooks/backup.md), and start again',
  })
}

/** What is wrong with a repository, by its number. */
export type Fault = { repository: number; trouble: Trouble }

/**
 * Readies the repositories: their key, what pgBackRest reads, and the stanza in each; from then on PostgreSQL archives. Safe to repeat. Answers those
 * that could not be readied: the log waits for them, and reaches the others.
 *
 * @throws Trouble when there is no other; Refusal when the key agent is away
 */
export async function readyRepositories({ home, settings, users }: Backed, signal?: AbortSignal): Promise<Fault[]> {
  const backup = backupSettingsOf(settings)
  const repositories = repositoriesOf(home, backup)
  if (repositories.some((each) => 'sftp' in each)) refuseOldForSftp()
  const passphrase = await passphraseOf(home)
  writeConfiguration(home, users, repositories, backup)
  writeSecrets(home, users, repositories, passphrase)
  const faults: Fault[] = []
  // Of a cluster, who leads makes it for all, in the place that all of them reach.
  if (await leads(home))
    for (const [index, repository] of repositories.entries())
      try {
        await refuseSilent(repository)
        writeAlone(home, users, repository, backup, passphrase)
        await pgbackrest(home, users, 'stanza-create', { signal, alone: true })
      } catch (error) {
        signal?.throwIfAborted()
        faults.push({ repository: index + 1, trouble: troubleAt(repository, error as Error) })
      } finally {
        rmSync(home.path(parts.alone), { force: true })
      }
  if (faults.length === repositories.length) throw faults[0]!.trouble
  home.write(parts.ready, '', 0o644)
  return faults
}

async function passphraseOf(home: Home): Promise<string> {
  const agent = connectKeys({ socket: agentSocket(home, 'ops') })
  try {
    const { passphrase, sealing } = await openRepositoryKey(agent, await ensureRepositoryKey(home, agent))
    sealing.fill(0)
    return passphrase
  } finally {
    await agent.close()
  }
}

function troubleAt(repository: Repository, error: Error): Trouble {
  return new Trouble(`${nameOf(repository)}: ${error.message}`, {
    setting: error instanceof Trouble ? error.setting : '"backup" in countroom.json',
    remedy: error instanceof Trouble ? error.remedy : 'ops/runbooks/backup.md',
    cause: error,
  })
}

/** A node that follows backs nothing up: that is no fault of the backups, and not written down as one. */
async function refuseFollowing(home: Home): Promise<never> {
  const leader = (await observe(home)).find(({ role }) => role === 'primary')
  throw new Trouble(
    `This node follows; ${leader ? `${leader.name} leads` : 'none leads now'}, and who leads backs up for all.`,
    {
      setting: '"cluster" in countroom.json',
      remedy: leader
        ? `on ${leader.name} (${leader.address}): npx countroom backup`
        : 'npx countroom cluster status; ops/runbooks/failover.md',
    },
  )
}

/** Whether the server of this very node is the primary, as it is where a home stands alone. */
export async function leads(home: Home): Promise<boolean> {
  const admin = connect(home, 'admin', 'postgres')
  try {
    const [row] = await admin<Array<{ leads: boolean }>>`select not pg_is_in_recovery() as leads`
    return row?.leads === true
  } finally {
    await admin.end({ timeout: 5 })
  }
}

/** Debian 12 has a version without it. */
function refuseOldForSftp(): void {
  const said = spawnSync(pgbackrestBinary, ['version'], { encoding: 'utf8' }).stdout?.trim() ?? ''
  const [, major = 0, minor = 0] = /(\d+)\.(\d+)/.exec(said)?.map(Number) ?? []
  if (major > 2 || (major === 2 && minor >= 46)) return
  throw new Trouble(`${said || pgbackrestBinary} knows no repositories by SFTP; 2.46 and later do.`, {
    setting: '"sftp" of a repository in countroom.json',
    remedy: 'a newer pgBackRest, a repository by S3, or a folder that is mounted',
  })
}

/** What goes on for long: ends when it is asked to, and tells how far it is. */
export type Going = { signal?: AbortSignal | undefined; tell?: ((words: string) => void) | undefined }

export type Taken = { backups: Held[]; keys: string[] }

/**
 * Backs all data up into every repository, or into those where a backup is due, and beside them what a bare machine needs: the recovery set, and a backup of keys. Whatever fails in one
 * repository, the others are tried.
 *
 * @throws Trouble with the first that failed; it is written down as well. On a node of a cluster that follows, names who leads
 */
export async function takeBackup(
  backed: Backed,
  wanted: BackupType | readonly Due[],
  { signal, tell }: Going = {},
): Promise<Taken> {
  const { home, settings } = backed
  const backup = backupSettingsOf(settings)
  if (!(await leads(home))) await refuseFollowing(home)
  return exclusively(home, 'backup', async () => {
    const taken: Taken = { backups: [], keys: [] }
    const faults: Array<{ type: BackupType; trouble: Trouble }> = []
    for (const [index, repository] of repositoriesOf(home, backup).entries()) {
      const type = typeof wanted === 'string' ? wanted : wanted.find((due) => due.repository === index + 1)?.type
      if (type === undefined) continue
      try {
        await refuseSilent(repository)
        const made = await intoRepository(backed, index + 1, type)
        taken.backups.push(made)
        taken.keys.push(await keepSet(backed, index + 1, signal))
        await noteBackup(home, made)
      } catch (error) {
        signal?.throwIfAborted()
        faults.push({ type, trouble: troubleAt(repository, error as Error) })
      }
    }
    const [fault] = faults
    if (!fault) return taken
    await noteFailure(home, by, 'backup.failed', { type: fault.type, cause: fault.trouble.message })
    throw fault.trouble
  })

  async function intoRepository({ home, users }: Backed, repository: number, type: BackupType) {
    const words = [`--repo=${repository}`, `--type=${type}`]
    const far = async () => {
      const percent = await percentDone(home, users, repository, signal)
      return percent && `Repository ${repository}, ${type}: ${percent} %`
    }
    await telling(tell, far, pgbackrest(home, users, 'backup', { signal, words }))
    const newest = (await holdings(home, users, { signal, repository })).backups.at(-1)
    if (!newest) throw new Error('pgBackRest says that it made a backup, and there is none')
    return newest
  }
}

/** The recovery set and a backup of keys, in `recovery/` of a repository; of a storage from there in the home. Answers the file of keys. */
async function keepSet(backed: Backed, repository: number, signal?: AbortSignal): Promise<string> {
  const { home, settings, users } = backed
  const place = repositoriesOf(home, backupSettingsOf(settings))[repository - 1]!
  if ('directory' in place) return (await writeSet(backed, join(place.directory, 'recovery'))).path
  const folder = home.path('backup/recovery')
  const { path, kept } = await writeSet(backed, folder)
  await storeSet(
    { home, users, repository, signal },
    { folder, keys: basename(path), kept: kept.map((each) => basename(each)) },
  )
  return path
}

async function writeSet({ home, settings, users }: Backed, folder: string): Promise<{ path: string; kept: string[] }> {
  makeFolder(folder, 0o700, ownerOf(users))
  const agent = connectKeys({ socket: agentSocket(home, 'ops') })
  try {
    const key = await ensureRepositoryKey(home, agent)
    const { sealing } = await openRepositoryKey(agent, key)
    const repositories = repositoriesOf(home, backupSettingsOf(settings))
    writeRecoverySet(home, folder, { at: new Date(), node: settings.nodeName, key, sealing, repositories })
  } finally {
    await agent.close()
  }
  const { path, kept } = await writeKeysBackup(home, folder)
  if (existsSync(path)) giveFile(path, ownerOf(users))
  return { path, kept }
}

async function noteBackup(home: Home, made: Held): Promise<void> {
  const { repository, label, type, bytes, storedBytes } = made
  const seconds = (made.stoppedAt.getTime() - made.startedAt.getTime()) / 1000
  await note(home, by, 'backup.written', { repository, label, type, bytes, storedBytes, seconds })
}

/** Looks at every file of every repository. @throws Trouble that names the first repository where something is not as it was written; the signal's reason */
export async function verifyRepositories(
  { home, settings, users }: Backed,
  { signal, tell }: Going = {},
): Promise<string[]> {
  const repositories = repositoriesOf(home, backupSettingsOf(settings))
  const sound: string[] = []
  for (const [index, repository] of repositories.entries()) {
    await refuseSilent(repository)
    const { backups, faults } = await holdings(home, users, { signal })
    if (!backups.some((each) => each.repository === index + 1))
      throw new Trouble(wordsOfNone(repository, faults.find((each) => each.repository === index + 1)?.why), {
        setting: '"backup" in countroom.json',
        remedy: 'is it mounted? Then npx countroom backup --type full; ops/runbooks/backup.md',
      })
    const words = [`--repo=${index + 1}`, '--log-level-console=info']
    const beganMs = performance.now()
    const far = () =>
      `Reading ${nameOf(repository)} (${index + 1} of ${repositories.length}), ${Math.round((performance.now() - beganMs) / 1000)} s`
    const said = await telling(tell, far, pgbackrest(home, users, 'verify', { signal, words }))
    const bad = faultsOf(said)
    if (bad)
      throw new Trouble(`${nameOf(repository)} is damaged: ${bad}`, {
        setting: '"backup" in countroom.json',
        remedy: 'keep the other repository; npx countroom backup --type full makes a sound one; ops/runbooks/backup.md',
      })
    sound.push(nameOf(repository))
  }
  return sound
}

/** pgBackRest 2.45 ends with 0 whatever its verification found; what it found stands in its output. */
function faultsOf(said: string): string | undefined {
  const counted = /(?:missing|checksum invalid|size invalid|other): [1-9]\d*/.exec(said)?.[0]
  const line = /(?:ERROR|WARN): .*|status: error.*/.exec(said)?.[0]
  return line ?? counted
}
