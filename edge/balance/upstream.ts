import type { TLSSocket } from 'node:tls'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import { coreTls } from '../tls/contexts.ts'
import type { Certificates } from '../tls/files.ts'
import { watchPeers } from '../tls/peers.ts'

/** A request as it leaves for a core. Headers are flat: name, value, name, value. */
type Outgoing = { method: string; path: string; headers: string[]; body: Buffer }

/** Who hears what becomes of a request that left. After `ended` or `failed` comes nothing more. */
export interface Hearing {
  /** The first byte is about to go. What fails before was never sent. */
  sent(): void
  answered(status: number, rawHeaders: ReadonlyArray<Buffer | string>): void
  data(chunk: Buffer): void
  ended(): void
  failed(error: Error): void
}

/** One request on its way. */
export interface Leg {
  pause(): void
  resume(): void
  /** Ends it, and the connection with it where it was sent already; `failed` is heard then. */
  abort(): void
}

/** The connections to one face of one core. */
export type Upstream = {
  send(outgoing: Outgoing, hearing: Hearing): Leg
  close(): Promise<void>
}

export type UpstreamOptions = {
  core: string
  address: { host: string; port: number }
  certificates: Certificates
  connectionsMax: number
  connectSecondsMax: number
  /** How long an answer that began may stand still. */
  stillSecondsMax: number
  /** Less than the core keeps it (75 s): who closes an idle connection must be the one who sends on it. */
  idleSecondsMax: number
}

/** Over mutual TLS to the core of that name and no other; connections are kept, and none carries two requests at once. */
export function openUpstream(options: UpstreamOptions): Upstream {
  const { host, port } = options.address
  const pool = new Pool(`https://${host}:${port}`, {
    connect: connectorTo(options),
    connections: options.connectionsMax,
    pipelining: 1,
    allowH2: false,
    headersTimeout: 0, // the wheel knows
    bodyTimeout: options.stillSecondsMax * 1000,
    keepAliveTimeout: options.idleSecondsMax * 1000,
    keepAliveMaxTimeout: options.idleSecondsMax * 1000,
  })
  return {
    send({ method, path, headers, body }, hearing) {
      const leg = new PoolLeg(hearing)
      pool.dispatch(
        { method: method as Dispatcher.HttpMethod, path, headers, body: body.length > 0 ? body : null },
        leg,
      )
      return leg
    },
    close: () => pool.destroy(),
  }
}

class PoolLeg implements Leg, Dispatcher.DispatchHandler {
  readonly #hearing: Hearing
  #controller: Dispatcher.DispatchController | undefined
  #aborted = false

  constructor(hearing: Hearing) {
    this.#hearing = hearing
  }

  pause(): void {
    this.#controller?.pause()
  }

  resume(): void {
    this.#controller?.resume()
  }

  abort(): void {
    this.#aborted = true
    this.#controller?.abort(new Error('called off'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#aborted) controller.abort(new Error('called off'))
    else this.#hearing.sent()
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    if (status >= 200) this.#hearing.answered(status, (controller.rawHeaders ?? []) as ReadonlyArray<Buffer | string>)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#hearing.data(chunk)
  }

  onResponseEnd(): void {
    this.#hearing.ended()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#hearing.failed(error)
  }
}

/** Each new connection shows and checks what is true then. No session is resumed: that would check nothing. */
function connectorTo({ core, certificates, connectSecondsMax }: UpstreamOptions): buildConnector.connector {
  const build = () =>
    buildConnector({
      ...coreTls(certificates.current(), core),
      timeout: connectSecondsMax * 1000,
      maxCachedSessions: 0,
      allowH2: false,
    })
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
