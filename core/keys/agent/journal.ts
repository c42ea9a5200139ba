import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { dirname } from 'node:path'
import { firstBadLine, hashOfLine, type JournalLine, journalStart } from '../journal.ts'
import { appendDurably, syncFolder } from './files.ts'

export type Journal = {
  /** Writes a line and puts it on the disk before it answers. @throws Error where it cannot: then there is no such line */
  append(entry: Pick<JournalLine, 'role' | 'operation' | 'key' | 'outcome'>): JournalLine
  lines(after: number, limit: number): JournalLine[]
  last(): { number: number; hash: string }
  /** What was begun and has no outcome: the agent ended, or the disk was full. */
  unfinished(): JournalLine | undefined
}

/** Opens the journal of management operations. @throws Error that names the first line somebody changed */
export function openJournal(file: string, now: () => Date): Journal {
  const lines = existsSync(file) ? readLines(file) : []
  const bad = firstBadLine(lines)
  if (bad !== undefined)
    throw new Error(`The journal ${file} was changed: line ${bad} does not follow from the one before.`)
  let length = existsSync(file) ? statSync(file).size : 0
  return {
    append(entry) {
      const last = lines.at(-1) ?? journalStart
      const line = { number: last.number + 1, at: now().toISOString(), ...entry, previous: last.hash }
      const whole = { ...line, hash: hashOfLine(line) }
      const text = `${JSON.stringify(whole)}\n`
      appendDurably(file, text, length)
      length += Buffer.byteLength(text)
      lines.push(whole)
      if (lines.length === 1) syncFolder(dirname(file))
      return whole
    },
    lines: (after, limit) => lines.slice(after, after + limit), // line n stands at index n - 1
    last: () => lines.at(-1) ?? journalStart,
    unfinished: () => (lines.at(-1)?.outcome === 'begun' ? lines.at(-1) : undefined),
  }
}

/** What a death in the middle of writing left behind was never answered for, and is cut off. */
function readLines(file: string): JournalLine[] {
  const text = readFileSync(file, 'utf8')
  const whole = text.lastIndexOf('\n') + 1
  if (whole < text.length) truncateSync(file, Buffer.byteLength(text.slice(0, whole)))
  return text
    .slice(0, whole)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JournalLine)
}
