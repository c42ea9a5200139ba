import type { Duplex } from 'node:stream'
import { FrameWalk, restartFrame } from './frames.ts'

const farewellMs = 1000

/** Two connections joined, byte for byte, so that the client can be told at the end of a frame to come again. */
export class Tunnel {
  readonly #client: Duplex
  readonly #upstream: Duplex
  readonly #walk = new FrameWalk()
  readonly #whenOver: () => void
  #leaving = false
  #saidGoodbye = false
  #over = false

  constructor(client: Duplex, upstream: Duplex, whenOver: () => void) {
    this.#client = client
    this.#upstream = upstream
    this.#whenOver = whenOver
    client.pipe(upstream)
    upstream.on('data', (chunk: Buffer) => this.pass(chunk))
    client.on('drain', () => upstream.resume())
    upstream.on('error', () => upstream.destroy())
    upstream.on('close', () => {
      if (this.#saidGoodbye) this.#client.end()
      else this.#sayGoodbye(this.#walk.isBetween) // a core that died has said nothing
    })
    client.on('close', () => this.#end())
  }

  /** Tells the client to come again (1012), as soon as no frame hangs over. */
  leave(): void {
    this.#leaving = true
    if (this.#walk.isBetween) this.#sayGoodbye(true)
  }

  destroy(): void {
    this.#end()
  }

  /** From the core to the client. */
  pass(chunk: Buffer): void {
    if (this.#saidGoodbye) return
    const whole = this.#walk.pass(chunk)
    if (this.#leaving && whole > 0) {
      this.#client.write(chunk.subarray(0, whole))
      this.#sayGoodbye(true)
    } else if (!this.#client.write(chunk)) this.#upstream.pause()
  }

  #sayGoodbye(isBetween: boolean): void {
    if (this.#saidGoodbye || this.#over) return
    this.#saidGoodbye = true
    if (isBetween) this.#client.write(restartFrame)
    this.#upstream.resume()
    // The client says goodbye too, and closes; one that does not is not waited for.
    setTimeout(() => this.#client.end(), isBetween ? farewellMs : 0).unref()
    setTimeout(() => this.#end(), farewellMs * 2).unref()
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#client.destroy()
    this.#upstream.destroy()
    this.#whenOver()
  }
}
