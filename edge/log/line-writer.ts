import { fstatSync, write, writeSync } from 'node:fs'

const batchChars = 32 * 1024
/** What is kept for a reader that does not read; what comes besides is counted and dropped. */
const keptCharsMax = 8 * 1024 * 1024
const everyMs = 1000
const busyMs = 20

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

  /** Writes what is left and ends. A batch that is being written just now may be there twice, and never not at all. */
  close(): void {
    clearInterval(this.#ticking)
    this.#writing = Buffer.concat([this.#writing ?? Buffer.alloc(0), Buffer.from(this.#text, 'latin1')])
    this.#text = ''
    this.#putNow()
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
      if (this.#writing !== bytes) return // closed meanwhile
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#put(), busyMs)
        return
      }
      const left = error ? undefined : bytes.subarray(written)
      this.#writing = left?.length ? left : undefined
      if (this.#writing) this.#put()
      else if (this.#text.length > batchChars) this.flush()
    })
  }
}
