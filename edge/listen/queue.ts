import type { Duplex } from 'node:stream'
import { endSoon } from './farewell.ts'

/**
 * What is under way on one connection of HTTP/1.1, whose answers go out in the order of the requests (RFC 9112, 9.3.2). It is there only as long as
 * something is, or the connection ends.
 */
export class Queue<Each> {
  readonly #socket: Duplex
  #open = 0
  #newest: Each | undefined
  #isEnding = false
  #lastWord: string | undefined

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  /** Nothing more is taken on this connection, and it ends once all that was taken is answered. */
  get isEnding(): boolean {
    return this.#isEnding
  }

  enter(each: Each): void {
    this.#open++
    this.#newest = each
  }

  /** An answer is out. Answers whether there is nothing more to remember of the connection. */
  leave(): boolean {
    if (--this.#open > 0) return false
    this.#newest = undefined
    if (this.#isEnding) endSoon(this.#socket, this.#lastWord)
    return !this.#isEnding
  }

  /** `lastWord`: said behind the answers that are under way. */
  end(lastWord?: string): void {
    this.#isEnding = true
    this.#lastWord ??= lastWord
  }

  /** Is the answer to this one the last that the client will hear? */
  endsWith(each: Each): boolean {
    return this.#isEnding && this.#newest === each && this.#lastWord === undefined
  }
}
