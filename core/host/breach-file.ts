import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

/*
 * The list of stolen passwords: a header, then the first ten bytes of each SHA-1, in order. SHA-1s are spread evenly, so a place is
 * guessed from the value and one block of the file mostly settles it, however long the list is. Ten bytes are enough: among a thousand
 * million entries one password in 10^15 is refused by accident.
 */
const magic = 'countroom-breaches-1\n'
const headerBytes = 32
const entryBytes = 10
const blockEntries = 400
const guessesMax = 8 // then halved, so that a list that is not spread evenly only costs more

export type BreachFile = { readonly count: number; has(sha1: Buffer): boolean; close(): void }

/** @throws Error when it is no such list */
export function openBreachFile(file: string): BreachFile {
  const descriptor = openSync(file, 'r')
  try {
    const header = Buffer.alloc(headerBytes)
    readSync(descriptor, header, 0, headerBytes, 0)
    const count = Number(header.readBigUInt64BE(headerBytes - 8))
    const { size } = fstatSync(descriptor)
    if (!header.toString('latin1').startsWith(magic) || size !== headerBytes + count * entryBytes)
      throw new Error(`${file} is no whole list of stolen passwords; import it again`)
    return { count, has: (sha1) => isIn(descriptor, count, sha1), close: () => closeSync(descriptor) }
  } catch (error) {
    closeSync(descriptor)
    throw error
  }
}

/** The list as it is at each moment: there, replaced or gone. Looked for once a minute. */
export function watchBreachFile(file: string, log: { warn(line: object, text: string): void }) {
  let open: (BreachFile & { inode: bigint }) | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  return {
    has(sha1: Buffer): boolean {
      const now = performance.now()
      if (now - lookedAt > 60_000) {
        lookedAt = now
        refresh()
      }
      return open?.has(sha1) ?? false
    },
  }

  function refresh(): void {
    const inode = statSync(file, { bigint: true, throwIfNoEntry: false })?.ino
    if (inode === open?.inode) return
    open?.close()
    open = undefined
    if (inode === undefined) return
    try {
      open = { ...openBreachFile(file), inode }
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'the list of stolen passwords is not used')
    }
  }
}

function isIn(descriptor: number, count: number, sha1: Buffer): boolean {
  const key = sha1.subarray(0, entryBytes)
  const value = key.readUIntBE(0, 6)
  const block = Buffer.alloc(blockEntries * entryBytes)
  let [low, high] = [0, count]
  let [lowValue, highValue] = [0, 2 ** 48]
  for (let guesses = 0; low < high; guesses++) {
    const share = guesses < guessesMax ? (value - lowValue) / Math.max(1, highValue - lowValue) : 0.5
    const middle = low + Math.floor(share * (high - low))
    const from = Math.max(low, Math.min(middle - blockEntries / 2, high - blockEntries))
    const entries = Math.min(blockEntries, high - from)
    readSync(descriptor, block, 0, entries * entryBytes, headerBytes + from * entryBytes)
    const last = (entries - 1) * entryBytes
    if (block.compare(key, 0, entryBytes, 0, entryBytes) > 0) {
      high = from
      highValue = block.readUIntBE(0, 6)
    } else if (block.compare(key, 0, entryBytes, last, last + entryBytes) < 0) {
      low = from + entries
      lowValue = block.readUIntBE(last, 6)
    } else return isInBlock(block, entries, key)
  }
  return false
}

function isInBlock(block: Buffer, entries: number, key: Buffer): boolean {
  let [low, high] = [0, entries]
  while (low < high) {
    const middle = (low + high) >>> 1
    const at = middle * entryBytes
    const order = block.compare(key, 0, entryBytes, at, at + entryBytes)
    if (order === 0) return true
    if (order < 0) low = middle + 1
    else high = middle
  }
  return false
}

const writeBytes = 6550 * entryBytes

/**
 * Makes the list from lines `<SHA-1 in hex>[:<count>]` in the order of the hashes, as the known lists come. Reads once, in the memory
 * of one chunk; the list is replaced when all of it was read. Answers how many it holds.
 *
 * @throws BreachLinesRefused on a line that is none, or out of order
 */
export async function writeBreachFile(file: string, chunks: AsyncIterable<Buffer>, countMin: number): Promise<number> {
  const descriptor = openSync(`${file}.new`, 'w+', 0o644)
  fchmodSync(descriptor, 0o644) // whatever mask whoever imports has: cores are other users
  const out = Buffer.alloc(writeBytes)
  let [filled, place, count, line] = [0, headerBytes, 0, 0]
  let rest = ''
  let previous = Buffer.alloc(0)
  const flush = () => {
    writeSync(descriptor, out, 0, filled, place)
    place += filled
    filled = 0
  }
  const take = (text: string) => {
    line++
    const match = /^([0-9a-f]{40})(?::(\d{1,15}))?\r?$/i.exec(text)
    if (!match) throw new BreachLinesRefused(`line ${line} is not a SHA-1 in hex, with or without a count`)
    const key = Buffer.from(match[1]!.slice(0, entryBytes * 2), 'hex')
    const order = Buffer.compare(previous, key)
    if (order > 0) throw new BreachLinesRefused(`line ${line} is out of order`, { sorting: true })
    if (order === 0 || Number(match[2] ?? 1) < countMin) return
    previous = key
    key.copy(out, filled)
    filled += entryBytes
    count++
    if (filled === writeBytes) flush()
  }
  try {
    for await (const chunk of chunks) {
      const lines = (rest + chunk.toString('latin1')).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > 200) throw new BreachLinesRefused(`line ${line + lines.length + 1} is not a SHA-1 in hex`)
      for (const text of lines) take(text)
    }
    if (rest !== '') take(rest)
    flush()
    const header = Buffer.alloc(headerBytes)
    header.write(magic, 'latin1')
    header.writeBigUInt64BE(BigInt(count), headerBytes - 8)
    writeSync(descriptor, header, 0, headerBytes, 0)
    fsyncSync(descriptor)
    renameSync(`${file}.new`, file)
    const folder = openSync(dirname(file), 'r')
    fsyncSync(folder)
    closeSync(folder)
    return count
  } finally {
    closeSync(descriptor)
    rmSync(`${file}.new`, { force: true })
  }
}

/** What was given is no list of SHA-1s in order; `sorting` would make it one. */
export class BreachLinesRefused extends Error {
  readonly sorting: boolean
  constructor(message: string, { sorting = false } = {}) {
    super(message)
    this.sorting = sorting
  }
}
