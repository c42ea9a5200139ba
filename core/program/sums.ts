import { hash } from 'node:crypto'

/** Path to SHA-256 in hexadecimal. */
export type Sums = ReadonlyMap<string, string>

/** The list as `sha256sum` writes and checks it, in the order of the paths' bytes. */
export function printSums(sums: Sums): string {
  return [...sums.keys()]
    .sort(byBytes)
    .map((path) => {
      const plain = !/[\\\n\r]/.test(path)
      return plain ? `${sums.get(path)}  ${path}\n` : `\\${sums.get(path)}  ${escaped(path)}\n`
    })
    .join('')
}

/** @throws Error on a line that is neither a sum nor a remark */
export function parseSums(text: string): Sums {
  const sums = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, mark, sum, written] = /^(\\?)([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? []
    const path = mark ? written?.replace(/\\([\\nr])/g, (_, letter: string) => letters[letter] ?? letter) : written
    if (!sum || !path || sums.has(path)) throw new Error(`not a list of sums: ${line.slice(0, 100)}`)
    sums.set(path, sum)
  }
  return sums
}

const letters: Record<string, string> = { n: '\n', r: '\r', '\\': '\\' }

/** `sha256sum` marks a line whose path it had to escape with a backslash in front. */
function escaped(path: string): string {
  return path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
}

export function digestOf(text: string): string {
  return hash('sha256', text, 'hex')
}

/** As `sort` does in the C locale, and PostgreSQL with collate "C". */
function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
