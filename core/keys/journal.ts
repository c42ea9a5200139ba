import { createHash } from 'node:crypto'

/** One line of the key agent's journal: a management operation, begun or come to an end. Times are ISO 8601, UTC. */
export type JournalLine = {
  number: number
  at: string
  role: string
  operation: string
  key: string
  outcome: 'begun' | 'done' | 'refused' | 'failed' | 'interrupted'
  previous: string
  hash: string
}

/** What stands before the first line. */
export const journalStart = { number: 0, hash: '0'.repeat(64) } as const

/** SHA-256 over everything in the line but the hash itself. */
export function hashOfLine(line: Omit<JournalLine, 'hash'>): string {
  const { number, at, role, operation, key, outcome, previous } = line
  return createHash('sha256')
    .update(JSON.stringify([number, at, role, operation, key, outcome, previous]))
    .digest('hex')
}

/** The number of the first line that does not follow from the one before; undefined when all do. */
export function firstBadLine(
  lines: readonly JournalLine[],
  before: { number: number; hash: string } = journalStart,
): number | undefined {
  let last = before
  for (const line of lines) {
    if (line.number !== last.number + 1 || line.previous !== last.hash || line.hash !== hashOfLine(line))
      return last.number + 1
    last = line
  }
  return undefined
}
