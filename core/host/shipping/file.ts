import { constants, type FileHandle, open } from 'node:fs/promises'
import type { Destination } from './destination.ts'

const tailBytes = 256 * 1024 // more than the longest line
/** What was written is on the disk; the permission model knows no other way of asking for that. */
const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_DSYNC
const lineHead = /^\{"number":(\d{1,19}),"previous":"[0-9a-f]{64}","hash":"([0-9a-f]{64})"/

/** A file that is only ever appended to, best on a disk of its own that keeps what was written (WORM, another machine's). */
export function fileDestination(path: string): Destination {
  let file: FileHandle | undefined
  return {
    settleMs: 0,
    async open() {
      await file?.close()
      file = await open(path, flags, 0o600)
      const { size } = await file.stat()
      const tail = Buffer.alloc(Math.min(size, tailBytes))
      await file.read(tail, 0, tail.length, size - tail.length)
      const text = tail.toString('utf8')
      if (text !== '' && !text.endsWith('\n')) await file.appendFile('\n') // the torn end of a write; it is sent again
      const lines = text.split('\n').slice(0, -1).reverse()
      for (const line of lines) {
        const read = lineHead.exec(line)
        if (read && line.endsWith('}'))
          return { tells: true, last: { number: BigInt(read[1]!), hash: Buffer.from(read[2]!, 'hex') } }
      }
      return { tells: true }
    },
    async send(lines) {
      if (!file) throw new Error('the file is not open')
      await file.appendFile(lines.map(({ text }) => `${text}\n`).join(''))
    },
    async close() {
      await file?.close()
      file = undefined
    },
  }
}
