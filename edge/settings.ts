import { statSync } from 'node:fs'
import { type EdgeConfig, readConfig } from './config.ts'
import { standIn } from './tls/acme/keeper.ts'
import { openCertificates, type TlsFiles } from './tls/files.ts'
import { refuseOpenKey } from './tls/private-files.ts'

/** What became of a configuration that was read anew. */
export type Reload =
  | { taken: true; changed: boolean; config: EdgeConfig; before: EdgeConfig }
  | { taken: false; problem: string }

export type Settings = {
  current(): EdgeConfig
  /** When what is in force was read. */
  readonly readAt: string
  /** Why the file as it stands is not in force, if it is not. */
  readonly problem: string | undefined
  reload(): Reload
  close(): void
}

const lookEveryMs = 500

/**
 * The file of the configuration: read anew when it changes and when it is asked for. One that is not valid, or that names what is not there, is
 * not taken, and what was in force stays.
 */
export function openSettings(file: string, first: EdgeConfig, hear: (reload: Reload) => void): Settings {
  let current = first
  let mark = markOf(file)
  let readAt = new Date().toISOString()
  let problem: string | undefined
  const looking = setInterval(() => {
    const found = markOf(file)
    if (found === mark) return
    hear(reload())
  }, lookEveryMs)
  looking.unref()
  return {
    current: () => current,
    get readAt() {
      return readAt
    },
    get problem() {
      return problem
    },
    reload,
    close: () => clearInterval(looking),
  }

  function reload(): Reload {
    mark = markOf(file)
    const before = current
    try {
      const next = readConfig(file)
      refuseRestart(before, next)
      if (next.acme) standIn(next.acme.dir, next.listeners.player)
      refuseCertificates(next)
      const changed = JSON.stringify(next) !== JSON.stringify(before)
      current = next
      readAt = new Date().toISOString()
      problem = undefined
      return { taken: true, changed, config: next, before }
    } catch (error) {
      problem = (error as Error).message
      return { taken: false, problem }
    }
  }
}

/** What workers apply where they stand: they ask for it each time, or hear of its change. */
const inPlace: ReadonlySet<string> = new Set([
  ...['cores', 'workers', 'routes', 'gate', 'shedding', 'rules', 'networks'],
  ...['bodyBytesMax', 'targetBytesMax', 'inFlightNetworkMax', 'inFlightSessionMax'],
  ...['webSocketsNetworkMax', 'webSocketsSessionMax'],
  ...['forwardSecondsMax', 'trySecondsMax', 'drainSecondsMax', 'drainIdleSeconds', 'drainWebSocketSeconds'],
  ...['probeMilliseconds', 'silenceMilliseconds', 'slowStartSeconds', 'panicShare', 'loadFactor', 'inFlightMax'],
  ...['retryShare', 'retriesMin', 'hedgeShare'],
  ...['breakerFailuresMax', 'breakerWindowSeconds', 'breakerOpenSeconds', 'breakerOpenSecondsMax'],
])

/** Do workers have to be replaced for it? So they do for everything that something was made of when they began. */
export function needsNewWorkers(now: EdgeConfig, before: EdgeConfig): boolean {
  const made = (config: EdgeConfig) => JSON.stringify(config, (key, value) => (inPlace.has(key) ? undefined : value))
  return made(now) !== made(before)
}

/** What every worker would refuse is said once, before any begins. @throws OpenKey */
export function refuseOpenKeys({ tls, listeners, tickets }: EdgeConfig): void {
  refuseOpenKey(tls.key)
  for (const { key, certificates } of Object.values(listeners))
    for (const pair of [{ key }, ...certificates]) refuseOpenKey(pair.key)
  if (tickets) refuseOpenKey(tickets.secretFile)
}

/** What the supervisor itself stands on does not change under it. @throws Error */
function refuseRestart(before: EdgeConfig, next: EdgeConfig): void {
  if (JSON.stringify(before.listen) !== JSON.stringify(next.listen))
    throw new Error('`listen` cannot change while the edge runs: stop it and start it anew.')
}

/** @throws Error that names the listener whose certificate cannot be used */
function refuseCertificates({ tls, listeners }: EdgeConfig): void {
  const files: Array<[use: string, its: TlsFiles]> = [['tls', tls]]
  for (const [face, { cert, key, certificates }] of Object.entries(listeners))
    for (const pair of [{ cert, key }, ...certificates]) files.push([face, pair])
  for (const [use, its] of files)
    try {
      openCertificates(its).close()
    } catch (error) {
      throw new Error(`The certificate of ${use} cannot be used: ${(error as Error).message}`)
    }
}

function markOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false })
  return `${stat?.ino} ${stat?.mtimeMs} ${stat?.size}`
}
