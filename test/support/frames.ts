import type { TLSSocket } from 'node:tls'
import type { EdgeLab } from './edge-lab.ts'

/** HTTP/2 by hand (RFC 9113): frames as a stranger could make them, and those that come back. */
export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
}
export const flags = { endStream: 1, ack: 1, endHeaders: 4 }
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export type Frame = { type: number; flags: number; stream: number; payload: Buffer }
export type Fields = ReadonlyArray<readonly [name: string, value: string]>

export function frame(type: number, flag: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flag
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** HPACK without tables and without Huffman's code: each field a literal that is not indexed (RFC 7541, 6.2.2). */
export function pack(fields: Fields): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value, 'latin1')
    return Buffer.concat([lengthOf(bytes.length), bytes])
  }
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]))
}

function lengthOf(length: number): Buffer {
  if (length < 127) return Buffer.of(length)
  const bytes = [127]
  let rest = length - 127
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 127) | 128)
  return Buffer.of(...bytes, rest)
}

export const get = (path: string, ...more: Fields): Fields => [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', path],
  [':authority', 'localhost'],
  ...more,
]
export const post = (path: string, ...more: Fields): Fields => [[':method', 'POST'], ...get(path, ...more).slice(1)]

export type Heard = { status: number | undefined; body: string; ended: boolean; reset: number | undefined }

/** One connection to the edge that speaks frames. */
export class Talk {
  readonly socket: TLSSocket
  readonly frames: Frame[] = []
  closed = false
  #rest = Buffer.alloc(0)

  private constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
    })
  }

  /** With the preface, unless the test has another. Without a table of headers, so that a status can be read by eye. */
  static async open(lab: EdgeLab, greet = true): Promise<Talk> {
    const talk = new Talk(await lab.open({ ALPNProtocols: ['h2'] }))
    if (greet) {
      const noTable = Buffer.from([0, 1, 0, 0, 0, 0])
      talk.write(preface, frame(types.settings, 0, 0, noTable), frame(types.settings, flags.ack, 0))
      await talk.until('its settings', () => talk.frames.some(({ type }) => type === types.settings))
    }
    return talk
  }

  write(...bytes: Buffer[]): void {
    if (!this.closed) this.socket.write(Buffer.concat(bytes))
  }

  ask(stream: number, fields: Fields, body?: string): void {
    const end = body === undefined ? flags.endStream : 0
    const block = pack(fields)
    const pieces = [0, 16_000, 32_000].filter((at) => at === 0 || at < block.length)
    for (const at of pieces) {
      const last = at === pieces.at(-1) ? flags.endHeaders : 0
      const [type, flag] = at === 0 ? [types.headers, end] : [types.continuation, 0]
      this.write(frame(type, flag | last, stream, block.subarray(at, at + 16_000)))
    }
    if (body !== undefined) this.write(frame(types.data, flags.endStream, stream, Buffer.from(body)))
  }

  /** What came on a stream so far. */
  heard(stream: number): Heard {
    const own = this.frames.filter((each) => each.stream === stream)
    const reset = own.find(({ type }) => type === types.reset)
    return {
      status: statusIn(own.find(({ type }) => type === types.headers)?.payload),
      body: Buffer.concat(own.filter(({ type }) => type === types.data).map(({ payload }) => payload)).toString(),
      ended: own.some(({ type, flags: flag }) => type <= types.headers && (flag & flags.endStream) !== 0),
      reset: reset?.payload.readUInt32BE(0),
    }
  }

  /** Waits until a stream has its answer, is reset, or the connection ends. */
  async answer(stream: number): Promise<Heard> {
    await this.until(`an answer on ${stream}`, () => {
      const { ended, reset } = this.heard(stream)
      return ended || reset !== undefined || this.closed || this.goaway !== undefined
    })
    return this.heard(stream)
  }

  /** The code with which the other side leaves. */
  get goaway(): number | undefined {
    return this.frames.find(({ type }) => type === types.goaway)?.payload.readUInt32BE(4)
  }

  /** Looks after everything that comes. */
  until(what: string, there: () => boolean, secondsMax = 20): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => done(new Error(`waited ${secondsMax} s for ${what}`)), secondsMax * 1000)
      const look = () => {
        if (there()) done()
      }
      const done = (error?: Error) => {
        clearTimeout(late)
        this.socket.off('data', look).off('close', look)
        if (error) reject(error)
        else resolve()
      }
      this.socket.on('data', look).on('close', look)
      look()
    })
  }

  end(): void {
    this.socket.destroy()
  }

  #read(chunk: Buffer): void {
    let rest = Buffer.concat([this.#rest, chunk])
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const length = rest.readUIntBE(0, 3)
      const payload = rest.subarray(9, 9 + length)
      this.frames.push({ type: rest[3]!, flags: rest[4]!, stream: rest.readUInt32BE(5), payload })
      rest = rest.subarray(9 + length)
    }
    this.#rest = rest
  }
}

const indexed: Record<number, number> = { 8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500 }

/** The status is the first field: by its place in the table of everybody (RFC 7541, appendix A), or in digits. */
function statusIn(block: Buffer | undefined): number | undefined {
  const at = block?.findIndex((byte) => (byte & 0xe0) !== 0x20) ?? -1 // after changes of the table's size
  if (!block || at < 0) return undefined
  if (block[at]! & 0x80) return indexed[block[at]! & 0x7f]
  const length = block[at + 1]! & 0x7f
  const value = block.subarray(at + 2, at + 2 + length)
  return Number((block[at + 1]! & 0x80) === 0 ? value.toString() : digitsIn(value))
}

/** Digits in Huffman's code (RFC 7541, appendix B): 0 to 2 have five bits, 3 to 9 six. */
function digitsIn(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  let digits = ''
  for (let at = 0; digits.length < 3; ) {
    const five = Number.parseInt(bits.slice(at, at + 5), 2)
    digits += five < 3 ? five : Number.parseInt(bits.slice(at, at + 6), 2) - 22
    at += five < 3 ? 5 : 6
  }
  return digits
}
