import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { connectKeys, type Keys, readDump } from '#keys'
import { type Home, readSecretFile, secretNames, viewHome } from '../appliance/home.ts'
import { stopLeftovers } from '../appliance/lock.ts'
import { makeFolder, ownerOf } from '../appliance/ownership.ts'
import { connect } from '../appliance/postgres.ts'
import { bringUpSchema } from '../appliance/schema.ts'
import { agentSocket } from '../appliance/sockets.ts'
import { Trouble } from '../appliance/trouble.ts'
import { type Backed, backupSettingsOf } from './backup.ts'
import { type Reached, withEngine } from './engine.ts'
import { signEvidence } from './evidence.ts'
import { exclusively } from './exclusive.ts'
import { chooseBackup, fetchData, openRepository, percentOf, type Reading, refuseSmallDisk } from './fetch.ts'
import type { Held } from './pgbackrest.ts'
import { nameOf, parts, repositoriesOf } from './place.ts'
import { type Check, firstFault, proveData } from './proof.ts'
import { keysBeside, openRecoverySet, type RecoverySet, readRecoverySet } from './recovery-set.ts'
import type { Repository } from './settings.ts'
import { type Steps, stopwatch, type Telling } from './steps.ts'
import { refuseSilent } from './storage.ts'
import { fetchSet, type Storage } from './stored-set.ts'
import { note, noteFailure } from './told.ts'

const by = 'countroom drill'

/** What a drill found, and what it signs. */
export type DrillRecord = {
  what: 'drill'
  at: string
  node: string
  repository: string
  backup: Pick<Held, 'label' | 'type' | 'bytes'> & { takenAt: string }
  reached: { lsn: string; timeline: number; commit: string | null }
  /** From the first file to the last proof. */
  rtoSeconds: number
  /** Between the last transaction that came back and the moment the drill began. */
  rpoSeconds: number
  steps: Steps
  checks: Check[]
  ok: boolean
}

export type Drilled = { record: DrillRecord; file: string }

/**
 * Restores the newest backup beside production into a folder of its own, replays the log, starts PostgreSQL there, proves ledger, audit log and keys, and
 * signs what it found. Keys come from the running agent; they never leave it, and production's data are not touched. Nothing of it stays but the
 * evidence.
 *
 * @throws Trouble with the first thing that does not hold; it is written down, and the evidence says it as well where there is any
 */
export async function drill(
  backed: Backed,
  options: { signal?: AbortSignal | undefined; repository?: number } & Telling = {},
): Promise<Drilled> {
  const { home } = backed
  return exclusively(home, 'drill', async () => {
    const place = viewHome(home.path('drill'))
    const keys = connectKeys({ socket: agentSocket(home, 'ops'), deadlineMs: 60_000 })
    await stopLeftovers(place) // of one that was killed: what works in the folder goes before it
    rmSync(place.dir, { recursive: true, force: true })
    try {
      const record = await work(backed, place, keys, options)
      const file = await keepEvidence(home, keys, record)
      const fault = firstFault(record.checks)
      if (fault)
        throw new Trouble(`The backup came back and does not hold: ${fault}`, {
          setting: file,
          remedy: 'ops/runbooks/restore.md; wake somebody who answers for the books',
        })
      const { backup, rtoSeconds, rpoSeconds } = record
      await note(home, by, 'drill.passed', { label: backup.label, rtoSeconds, rpoSeconds, evidence: file })
      return { record, file }
    } catch (error) {
      if (!options.signal?.aborted) await noteFailure(home, by, 'drill.failed', { cause: (error as Error).message })
      throw error
    } finally {
      await keys.close()
      rmSync(place.dir, { recursive: true, force: true })
    }
  })
}

async function work(
  { home, settings, users }: Backed,
  place: Home,
  keys: Keys,
  { signal, repository: number = 1, ...telling }: { signal?: AbortSignal | undefined; repository?: number } & Telling,
): Promise<DrillRecord> {
  const backup = backupSettingsOf(settings)
  const repositories = repositoriesOf(home, backup)
  const repository = repositories[number - 1]
  if (!repository)
    throw new Trouble(`There is no repository ${number}.`, {
      setting: '--repository',
      remedy: `1 to ${repositories.length}`,
    })
  const archived = await newestArchived(home)
  const began = new Date()
  const watch = stopwatch(telling)
  makeFolder(place.dir, 0o711, ownerOf(users))
  makeFolder(place.path('run'), 0o711, ownerOf(users))
  makeFolder(place.path('secrets'), 0o700, ownerOf(users))
  for (const name of secretNames.filter((each) => each.startsWith('postgres-')))
    place.write(`secrets/${name}`, `${readSecretFile(home, name)}\n`)
  const { set, key } = await watch.step('recovery set', async () => {
    const found = await setOf({ home, users, repository: number, signal }, repository, place)
    return { set: found, key: (await openRecoverySet(keys, found)).key }
  })
  const reading: Reading = { home: place, users, repository, passphrase: key.passphrase, processes: backup.processes }
  openRepository(reading)
  const chosen = await chooseBackup(reading, { kind: 'now' }, undefined)
  refuseSmallDisk(place.dir, chosen)
  await watch.step('files', () => fetchData(reading, chosen, { kind: 'now' }, signal), percentOf(reading, chosen))
  const replaying = performance.now()
  let reached: Reached | undefined
  const checks = await withEngine(
    place,
    settings,
    users,
    async (found) => {
      reached = found
      watch.steps.push({ name: 'replay', seconds: Math.round(performance.now() - replaying) / 1000 })
      await bringUpSchema(place)
      return watch.step('proof', () => proveData(place, keys))
    },
    signal,
  )
  const { lsn, timeline, commit } = reached!
  const last = commit ?? chosen.stoppedAt
  const all = [...checks, replayCheck(archived, lsn), await keysCheck(keys, keysBeside(set))]
  return {
    what: 'drill',
    at: began.toISOString(),
    node: settings.nodeName,
    repository: nameOf(repository),
    backup: { label: chosen.label, type: chosen.type, bytes: chosen.bytes, takenAt: chosen.stoppedAt.toISOString() },
    reached: { lsn, timeline, commit: commit?.toISOString() ?? null },
    rtoSeconds: sum(watch.steps),
    rpoSeconds: Math.max(0, Math.round(began.getTime() - last.getTime()) / 1000),
    steps: watch.steps,
    checks: all,
    ok: all.every(({ ok }) => ok),
  }
}

/** The segment that PostgreSQL archived last; null where there was none yet. */
async function newestArchived(home: Home): Promise<string | null> {
  const sql = connect(home, 'app')
  try {
    const [row] = await sql<
      Array<{ segment: string | null }>
    >`select last_archived_wal as segment from pg_stat_archiver`
    return row?.segment ?? null
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** The set that somebody on a bare machine would find: the one in the repository itself. */
async function setOf(storage: Storage, repository: Repository, place: Home): Promise<RecoverySet> {
  if ('directory' in repository) return readRecoverySet(repository.directory)
  await refuseSilent(repository)
  makeFolder(place.path('recovery'), 0o700, ownerOf(storage.users))
  await fetchSet(storage, viewHome(place.path('recovery')))
  return readRecoverySet(place.path('recovery'))
}

/** Whatever had been archived when the drill began has to be in it. */
function replayCheck(archived: string | null, lsn: string): Check {
  const name = `the log came back to ${lsn}, past the newest segment that was archived, ${archived ?? 'none'}`
  const start = archived === null ? 0n : startOf(archived)
  return lsnOf(lsn) >= start ? { name, ok: true } : { name, ok: false, firstBad: 'it ends before' }
}

/** Where a segment of 16 MiB begins, by its name: timeline, then log and number in it, 8 hexadecimal digits each. */
function startOf(segment: string): bigint {
  const [log = '0', number = '0'] = [segment.slice(8, 16), segment.slice(16, 24)]
  return (BigInt(`0x${log}`) << 32n) + (BigInt(`0x${number}`) << 24n)
}

function lsnOf(text: string): bigint {
  const [high = '0', low = '0'] = text.split('/')
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
}

/** The backup of keys that lies beside the data is ours and whole; only custodians could open it. */
async function keysCheck(keys: Keys, file: string | undefined): Promise<Check> {
  const name = 'keys: their backup beside the data is ours, and whole'
  if (file === undefined) return { name, ok: false, firstBad: 'there is none' }
  try {
    await keys.checkFile(readDump(readFileSync(file, 'utf8')).file)
    return { name, ok: true }
  } catch (error) {
    return { name, ok: false, firstBad: (error as Error).message }
  }
}

async function keepEvidence(home: Home, keys: Keys, record: DrillRecord): Promise<string> {
  mkdirSync(home.path(parts.drills), { recursive: true, mode: 0o700 })
  const file = `${parts.drills}/drill-${record.at.replaceAll(/[:.]/g, '')}.json`
  home.write(file, `${JSON.stringify(await signEvidence(keys, record), null, 2)}\n`, 0o644)
  return home.path(file)
}

function sum(steps: Steps): number {
  return Math.round(steps.reduce((total, { seconds }) => total + seconds, 0) * 1000) / 1000
}
