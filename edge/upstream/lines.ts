import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { Asked, Line, type LineOwner } from './line.ts'
import type { Hearing, Leg, Outgoing } from './upstream.ts'

export type LinesOptions = {
  /** As requests name it. */
  host: string
  /** Asked for each connection anew. */
  connect: () => ConnectionOptions
  /** Hears of each connection once the other side has shown who it is. */
  onOpen: (socket: TLSSocket) => void
  linesMax: number
  connectMsMax: number
  /** How long an answer that began may stand still. */
  stillMsMax: number
  idleMsMax: number
}

/**
 * Behind whom an answer is awaited for longer than this, nobody else is sent: what is slow holds up only those who asked in the same
 * moment.
 */
const patienceMs = 5
const lookEveryMs = 500
/** Handshakes at a time: a core that begins, or comes back, has others to shake hands with too. */
const openingMax = 8

/** All connections of this process read into one buffer: what came is used up before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024)

/** Kept connections to one listener of one core, opened as they are needed. */
export class Lines implements LineOwner {
  readonly #options: LinesOptions
  readonly #lines: Line[] = []
  readonly #queue: Asked[] = []
  readonly #looking = setInterval(() => this.#look(), lookEveryMs).unref()
  readonly #opening = new Set<TLSSocket>()

  constructor(options: LinesOptions) {
    this.#options = options
  }

  /** Sends a request as soon as a line takes it, in the order of asking. */
  send(outgoing: Outgoing, hearing: Hearing): Leg {
    const asked = new Asked(this.#options.host, outgoing, hearing, this.#drop)
    this.again(asked)
    return asked
  }

  again(asked: Asked): void {
    const nowMs = performance.now()
    const line = this.#lineFor(asked, nowMs - patienceMs)
    if (line) line.send(asked, nowMs)
    else {
      this.#queue.push(asked)
      this.#grow()
    }
  }

  close(): void {
    clearInterval(this.#looking)
    const error = new Error('the way to the core is closed')
    for (const socket of this.#opening) socket.destroy(error)
    for (const line of [...this.#lines]) line.lose(error)
    this.#fail(error)
  }

  /** The first that takes it, so that few lines carry much and others grow old. */
  #lineFor({ lane }: Asked, sinceMs: number): Line | undefined {
    for (const line of this.#lines) if (line.takes(lane, sinceMs)) return line
    return undefined
  }

  #drop = (asked: Asked): void => {
    const at = this.#queue.indexOf(asked)
    if (at >= 0) this.#queue.splice(at, 1)
  }

  #grow(): void {
    const { linesMax, connectMsMax, onOpen } = this.#options
    const wanted = Math.min(openingMax, this.#queue.length)
    if (this.#opening.size >= wanted || this.#lines.length + this.#opening.size >= linesMax) return
    let line: Line | undefined
    const socket = connect({
      ...this.#options.connect(),
      ALPNProtocols: ['http/1.1'],
      onread: {
        buffer: readBuffer,
        callback: (bytes: number) => {
          line?.read(readBuffer.subarray(0, bytes))
          return true
        },
      },
    } as ConnectionOptions)
    this.#opening.add(socket)
    const late = setTimeout(() => socket.destroy(new Error('the core does not take a connection')), connectMsMax)
    let failure = new Error('the core closed the connection')
    socket.on('error', (error) => {
      failure = error
    })
    const onClose = () => {
      clearTimeout(late)
      this.#opening.delete(socket)
      if (this.#lines.length + this.#opening.size === 0) this.#fail(failure)
      else this.#grow()
    }
    socket.once('close', onClose)
    socket.once('secureConnect', () => {
      clearTimeout(late)
      onOpen(socket)
      if (socket.destroyed) return
      socket.removeListener('close', onClose)
      socket.setNoDelay(true)
      this.#opening.delete(socket)
      line = new Line(socket, this)
      this.#lines.push(line)
      this.onFree(line)
    })
  }

  onFree(line: Line): void {
    if (line.isLost) {
      const at = this.#lines.indexOf(line)
      if (at >= 0) this.#lines.splice(at, 1)
    }
    if (this.#queue.length === 0) return
    const nowMs = performance.now()
    while (this.#queue.length > 0 && line.takes(this.#queue[0]!.lane, nowMs - patienceMs))
      line.send(this.#queue.shift()!, nowMs)
    if (this.#queue.length > 0) this.#grow()
  }

  /** Whoever waits would wait for nothing. */
  #fail(error: Error): void {
    for (const asked of this.#queue.splice(0)) asked.over().failed(error)
  }

  #look(): void {
    const nowMs = performance.now()
    const { idleMsMax, stillMsMax } = this.#options
    for (const line of [...this.#lines]) {
      const silentMs = nowMs - line.heardMs
      if (line.inFlight === 0 && silentMs > idleMsMax) line.close()
      else if (line.isAnswering && silentMs > stillMsMax) line.lose(new Error('an answer stands still'))
    }
  }
}
