import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Order, Receipt } from './order.ts'
import type { Line, Task } from './writer.ts'

export type Fate = { order: Order; receipt?: Receipt; refused?: string; unknown?: string }

export type Writer = {
  name: string
  /** What was asked and told so far, in the order it was asked. */
  read(): Fate[]
  /** Resolves when so many more orders than now were acknowledged. */
  proceeds(more: number, secondsMax?: number): Promise<void>
  kill(): Promise<void>
  /** Resolves when it has made the orders it was to make. */
  finishes(): Promise<void>
  /** Lets it finish what it asked; throws when it does not end well. */
  end(): Promise<void>
}

/** Starts writers over one database, each a process of its own; all are gone after `stop`. */
export function openWriters() {
  const dir = mkdtempSync(join(tmpdir(), 'cr-writers-'))
  const children: ChildProcess[] = []
  let serial = 0
  return {
    start(task: Omit<Task, 'name' | 'journal'>): Writer {
      const name = `w${process.pid}-${++serial}`
      const journal = join(dir, name)
      const argument = JSON.stringify({ ...task, name, journal } satisfies Task)
      const child = spawn(process.execPath, [join(import.meta.dirname, 'writer.ts'), argument], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      children.push(child)
      let complaints = ''
      child.stderr.on('data', (chunk: Buffer) => {
        complaints += chunk.toString()
      })
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      const acknowledged = () => read(journal).filter((fate) => fate.receipt).length
      const finishes = async () => {
        await ended
        if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.exitCode}: ${complaints}`)
      }
      return {
        name,
        read: () => read(journal),
        async proceeds(more, secondsMax = 40) {
          const wanted = acknowledged() + more
          const endMs = Date.now() + secondsMax * 1000
          while (acknowledged() < wanted) {
            if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}: ${complaints}`)
            if (Date.now() > endMs) throw new Error(`${name} stands still: ${complaints}`)
            await pause(100)
          }
        },
        async kill() {
          child.kill('SIGKILL')
          await ended
        },
        finishes,
        async end() {
          child.kill('SIGTERM')
          await finishes()
        },
      }
    },
    async stop() {
      for (const child of children) if (child.exitCode === null) child.kill('SIGKILL')
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function read(journal: string): Fate[] {
  if (!statSync(journal, { throwIfNoEntry: false })) return []
  const lines = readFileSync(journal, 'utf8').split('\n').slice(0, -1) // the last is empty, or was cut by death
  const fates = new Map<string, Fate>()
  for (const line of lines.map((text) => JSON.parse(text) as Line)) {
    if ('asked' in line) fates.set(line.asked.key, { order: line.asked })
    else if ('told' in line) fates.get(line.told)!.receipt = line.receipt
    else if ('refused' in line) fates.get(line.refused)!.refused = line.code
    else fates.get(line.unknown)!.unknown = line.code
  }
  return [...fates.values()]
}
