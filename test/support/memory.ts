import { closeSync, openSync, readFileSync, readSync } from 'node:fs'

const chunkBytes = 16 * 1024 * 1024

/** Which of these bytes are anywhere in the memory of a process that it can write to: what a dump of it would hold. */
export function foundIn(pid: number, wanted: Record<string, Buffer>): string[] {
  const found = new Set<string>()
  const longest = Math.max(...Object.values(wanted).map(({ length }) => length))
  const memory = openSync(`/proc/${pid}/mem`, 'r')
  try {
    for (const [begin, end] of writable(pid))
      for (let at = begin; at < end; at += chunkBytes) {
        const chunk = read(memory, at, Math.min(chunkBytes + longest, end - at))
        for (const [name, bytes] of Object.entries(wanted)) if (chunk.includes(bytes)) found.add(name)
      }
  } finally {
    closeSync(memory)
  }
  return [...found]
}

function writable(pid: number): Array<[number, number]> {
  return readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .map((line) => /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line))
    .filter((range) => range !== null)
    .map(([, begin = '', end = '']) => [Number.parseInt(begin, 16), Number.parseInt(end, 16)])
}

/** As much as there is: a range may have gone meanwhile, and of some the kernel gives nothing. */
function read(memory: number, at: number, length: number): Buffer {
  const chunk = Buffer.allocUnsafe(length)
  let done = 0
  try {
    while (done < length) {
      const count = readSync(memory, chunk, done, length - done, at + done)
      if (count === 0) break
      done += count
    }
  } catch {}
  return chunk.subarray(0, done)
}
