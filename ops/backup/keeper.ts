import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { repository } from '../appliance/identity.ts'
import { connect } from '../appliance/postgres.ts'
import { cardOf } from '../appliance/running.ts'
import { type Backed, leads, readyRepositories, takeBackup } from './backup.ts'
import { holdings } from './pgbackrest.ts'
import { nameOf, repositoriesOf } from './place.ts'
import { type Due, dueBackups, isDrillDue } from './schedule.ts'
import { lastBackups, noteFailure } from './told.ts'

const lookMs = 60_000
const againMs = 5_000
const calmMsMax = 3_600_000
/** Some ten minutes, by the growing waits between them. */
const failuresBorne = 7

/**
 * Backs up by itself while the appliance runs: readies the repositories, so that the log is archived, then takes whatever backup is due. What fails
 * is said once for each cause, written down, and tried again, less and less often; metrics tell how old the last backup is.
 */
export function keepBackups(backed: Backed, say: (line: string) => void): { stop(): Promise<void> } {
  const ended = new AbortController()
  const { signal } = ended
  let ready = false
  let led = false
  let failures = 0
  let complaint = ''
  let lastWritten = ''
  const written = new WeakSet<Error>()
  let timer: NodeJS.Timeout
  let running: Promise<void> = look()
  return {
    async stop() {
      ended.abort()
      clearTimeout(timer)
      await running
    },
  }

  async function look(): Promise<void> {
    try {
      await work()
      failures = 0
      complaint = ''
      lastWritten = ''
    } catch (error) {
      if (signal.aborted) return
      failures++
      await tell(error)
    }
    if (signal.aborted) return
    const wait = failures === 0 ? lookMs : Math.min(againMs * 2 ** failures, calmMsMax)
    timer = setTimeout(() => {
      running = look()
    }, wait)
  }

  async function work(): Promise<void> {
    const { home, settings, users } = backed
    if (!settings.backup) return
    const leading = await leads(home)
    if (leading && !led) ready = false // who led before may not have come to all of them
    led = leading
    const faults = ready ? [] : await readyRepositories(backed, signal)
    ready = faults.length === 0
    if (!leading) return // whoever leads backs up for all of the cluster
    const repositories = repositoriesOf(home, settings.backup)
    const held = await holdings(home, users, { signal })
    // Of one that cannot be looked at nobody knows what is due.
    const unseen = held.faults
      .filter(({ isUnseen }) => isUnseen)
      .map(({ repository, why }) => ({
        repository,
        trouble: new Error(`${nameOf(repositories[repository - 1]!)}: ${why}`),
      }))
    const away = [...faults, ...unseen]
    const all = dueBackups(held.backups, repositories.length, settings.backup, new Date())
    const due = all.filter(({ repository }) => !away.some((each) => each.repository === repository))
    const failed = await backUp(due)
    // A drill asks a casino that runs; the first backup may be there before all of it has started.
    if (cardOf(home) && isDrillDue(await lastDrills(), settings.backup, new Date())) await drillBeside()
    const first = failed ?? away[0]?.trouble
    if (first) throw first // tried again by the next look
  }

  /** Answers what went wrong: a drill has a sound repository yet. */
  async function backUp(due: readonly Due[]): Promise<unknown> {
    if (due.length === 0) return undefined
    try {
      const { backups: made } = await takeBackup(backed, due, { signal })
      say(`Backed up: ${made.map(({ label }) => label).join(', ')}.`)
      lastWritten = ''
      return undefined
    } catch (error) {
      signal.throwIfAborted()
      written.add(error as Error)
      return error
    }
  }

  async function lastDrills() {
    const sql = connect(backed.home, 'app')
    const { drill: passed, drillFailed: failed } = await lastBackups(sql).finally(() => sql.end({ timeout: 5 }))
    return { passed, failed }
  }

  /** A process of its own: what keeps all others alive has no time for proofs. It writes down itself what came of it. */
  async function drillBeside(): Promise<void> {
    const words = [...process.execArgv, join(repository, 'ops/countroom.ts'), 'drill', '--json']
    const environment = { ...process.env, COUNTROOM_HOME: backed.home.dir }
    const child = spawn(process.execPath, words, {
      env: environment,
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const end = () => child.kill('SIGTERM')
    signal.addEventListener('abort', end)
    const code = await new Promise<number | null>((resolve) => {
      child.once('error', () => resolve(-1))
      child.once('close', resolve)
    }).finally(() => signal.removeEventListener('abort', end))
    if (!signal.aborted)
      say(code === 0 ? 'A drill went through: npx countroom drill verify.' : `A drill FAILED: ${said.trim()}`)
  }

  /** Written down once for each cause, and anew after each backup: alarms go by what was written down last. What was ready comes back by itself mostly. */
  async function tell(error: unknown): Promise<void> {
    const cause = (error as Error).message
    if (cause !== complaint) say(`Data could not be backed up: ${cause}`)
    complaint = cause
    if (written.has(error as Error) || cause === lastWritten || (ready && failures < failuresBorne)) return
    lastWritten = cause
    await noteFailure(backed.home, 'countroom up', 'backup.failed', { type: ready ? 'look' : 'stanza', cause })
  }
}
