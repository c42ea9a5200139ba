import { fstatSync, write, writeSync } from 'node:fs'

const batchChars = 32 * 1024
/** What is kept for a reader that does not read; what comes besides is counted and dropped. */
const keptCharsMax = 8 * 1024 * 1024
const everyMs = 1000
const busyMs = 20
/** At the end, what is being written is waited for so long: nobody who does not read keeps a worker from ending. */
const lastMsMax = 1000

/**
 * Writes lines to a file descriptor in batches: when there are enough for one, and every second. Nobody waits for it, because a log that
 * cannot be written must not hold up a request.
 */
export class LineWriter {
  /** Lines that could not be kept. */
  dropped = 0
  readonly #descriptor: number
  /** What goes to a file does not wait for a reader: written at once, it costs less than handing it to another thread. */
  readonly #isFile: boolean
  readonly #ticking = setInterval(() => this.flush(), everyMs).unref()
  #text = ''
  #writing: Buffer | undefined
  #whenWritten: (() => void) | undefined

  constructor(descriptor: number) {
    this.#descriptor = descriptor
    this.#isFile = fstatSync(descriptor).isFile()
  }

  /** `line` with its line end, in ASCII. */
  write(line: string): void {
    if (this.#text.length > keptCharsMax) {
      this.dropped++
      return
    }
    this.#text += line
    if (this.#text.length > batchChars) this.flush()
  }

  flush(): void {
    if (this.#writing || this.#text === '') return
    this.#writing = Buffer.from(this.#text, 'latin1')
    this.#text = ''
    if (this.#isFile) this.#putNow()
    else this.#put()
  }

  /** Writes what is left and ends. What is being written is let come to its end first: written again, its lines would be there twice. */
  async close(): Promise<void> {
    clearInterval(this.#ticking)
    if (this.#writing) await this.#written()
    if (this.#writing || this.#text === '') return
    this.#writing = Buffer.from(this.#text, 'latin1')
    this.#text = ''
    this.#putNow()
  }

  #written(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenWritten = resolve
      setTimeout(resolve, lastMsMax)
    })
  }

  #putNow(): void {
    const bytes = this.#writing!
    this.#writing = undefined
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at)
    } catch {
      // a full disk, or nobody who reads
    }
  }

  #put(): void {
    const bytes = this.#writing!
    write(this.#descriptor, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#put(), busyMs)
        return
      }
      const left = error ? undefined : bytes.subarray(written)
      this.#writing = left?.length ? left : undefined
      if (this.#writing) this.#put()
      else if (this.#whenWritten) this.#whenWritten()
      else if (this.#text.length > batchChars) this.flush()
    })
  }
}
