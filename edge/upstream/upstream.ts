import { coreTls } from '../tls/contexts.ts'
import type { Certificates } from '../tls/files.ts'
import { watchPeers } from '../tls/peers.ts'
import { Lines } from './lines.ts'

/** A request as it leaves for a core. Headers are flat: name, value, name, value; the gate has seen that no line ends are among them. */
export type Outgoing = {
  method: string
  path: string
  headers: readonly string[]
  body: Buffer
  /** Of what can be repeated and is soon answered: requests of one lane may go behind each other on one connection. */
  lane?: number | undefined
}

/** Who hears what becomes of a request that left. After `ended` or `failed` comes nothing more. */
export interface Hearing {
  /** The first byte is about to go. What fails before was never sent. */
  sent(): void
  answered(status: number, rawHeaders: readonly string[]): void
  /** `last`: the end follows at once. */
  data(chunk: Buffer, last: boolean): void
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

/** Over mutual TLS to the core of that name and no other; connections are kept. */
export function openUpstream(options: UpstreamOptions): Upstream {
  const { certificates, core, address } = options
  const lines = new Lines({
    host: `${address.host}:${address.port}`,
    // Each new connection shows and checks what is true then. No session is resumed: that would check nothing.
    connect: () => ({ ...address, ...coreTls(certificates.current(), core) }),
    onOpen: watchPeers(certificates),
    linesMax: options.connectionsMax,
    connectMsMax: options.connectSecondsMax * 1000,
    stillMsMax: options.stillSecondsMax * 1000,
    idleMsMax: options.idleSecondsMax * 1000,
  })
  return {
    send: (outgoing, hearing) => lines.send(outgoing, hearing),
    async close() {
      lines.close()
    },
  }
}
