import type { TLSSocket } from 'node:tls'
import { buildConnector, Pool } from 'undici'
import { type EdgeConfig, type Face, faces } from '../config.ts'
import { coreTls } from '../tls/contexts.ts'
import type { Certificates } from '../tls/files.ts'
import { watchPeers } from '../tls/peers.ts'

export type Core = {
  readonly name: string
  readonly pools: Record<Face, Pool>
  healthy: boolean
  inFlight: number
}

export type Cores = {
  /** The sound core with the fewest requests in flight, other than those tried; any other when none is sound. */
  pick(tried: ReadonlySet<string>): Core | undefined
  /** A connection failed: the core is out until a probe says otherwise. */
  eject(core: Core): void
  readonly all: readonly Core[]
  anyHealthy(): boolean
  close(): Promise<void>
}

const probeEveryMs = 250
const probeTimeoutMs = 2000

/** Keeps pools of connections to every core, and asks each whether it can serve: can it reach database and keys? */
export function openCores(
  config: EdgeConfig,
  certificates: Certificates,
  onChange: (core: string, healthy: boolean) => void,
): Cores {
  const all = config.cores.map((core): Core => {
    const connect = connectorTo(core.name, certificates)
    const pool = (face: Face) =>
      new Pool(`https://${core[face].host}:${core[face].port}`, {
        connect,
        connections: config.limits.coreConnectionsMax,
        pipelining: 1,
        allowH2: false,
        headersTimeout: config.limits.trySecondsMax * 1000,
        bodyTimeout: config.limits.trySecondsMax * 1000,
        keepAliveTimeout: 30_000,
        keepAliveMaxTimeout: 60_000,
      })
    return {
      name: core.name,
      pools: Object.fromEntries(faces.map((face) => [face, pool(face)])) as Record<Face, Pool>,
      healthy: false,
      inFlight: 0,
    }
  })
  const probing = new Set<Core>()
  const timer = setInterval(() => {
    for (const core of all) void probe(core)
  }, probeEveryMs)
  for (const core of all) void probe(core)

  return {
    all,
    pick(tried) {
      const untried = all.filter((core) => !tried.has(core.name))
      const sound = untried.filter((core) => core.healthy)
      const candidates = sound.length > 0 ? sound : untried
      return candidates.reduce<Core | undefined>(
        (best, core) =>
          best === undefined ||
          core.inFlight < best.inFlight ||
          (core.inFlight === best.inFlight && Math.random() < 0.5)
            ? core
            : best,
        undefined,
      )
    },
    eject: (core) => set(core, false),
    anyHealthy: () => all.some((core) => core.healthy),
    async close() {
      clearInterval(timer)
      await Promise.all(all.flatMap((core) => faces.map((face) => core.pools[face].destroy())))
    },
  }

  async function probe(core: Core): Promise<void> {
    if (probing.has(core)) return
    probing.add(core)
    try {
      const { statusCode, body } = await core.pools.player.request({
        path: '/health/ready',
        method: 'GET',
        headersTimeout: probeTimeoutMs,
        bodyTimeout: probeTimeoutMs,
      })
      await body.dump()
      set(core, statusCode === 200)
    } catch {
      set(core, false)
    } finally {
      probing.delete(core)
    }
  }

  function set(core: Core, healthy: boolean): void {
    if (core.healthy !== healthy) onChange(core.name, healthy)
    core.healthy = healthy
  }
}

/** Each new connection shows and checks what is true then. No session is resumed: that would check nothing. */
function connectorTo(core: string, certificates: Certificates): buildConnector.connector {
  const build = () =>
    buildConnector({ ...coreTls(certificates.current(), core), timeout: 2000, maxCachedSessions: 0, allowH2: false })
  let connector = build()
  certificates.onChange(() => {
    connector = build()
  })
  const watch = watchPeers(certificates)
  return (options, callback) =>
    connector(options, (...[error, socket]) => {
      if (error) return callback(error, null)
      watch(socket as TLSSocket)
      callback(null, socket)
    })
}
