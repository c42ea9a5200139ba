import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { basename } from 'node:path'

/** What tells one process from a later one with the same number. */
export type ProcessMark = { pid: number; born: string }

const boot = read('/proc/sys/kernel/random/boot_id').trim()

/** The mark of a living process, or undefined when there is none (a zombie counts as none). */
export function markOf(pid: number): ProcessMark | undefined {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return stat === '' || fields[0] === 'Z' ? undefined : { pid, born: `${boot}/${fields[19]}` }
}

export function isAlive(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.born === mark.born
}

/** Whether a process works; `stopped` is one that a signal holds (SIGSTOP, a debugger), which answers nothing. */
export function stateOf(pid: number | undefined): 'running' | 'stopped' | 'down' {
  const stat = pid === undefined ? '' : read(`/proc/${pid}/stat`)
  const state = stat.slice(stat.lastIndexOf(')') + 2)[0]
  if (state === undefined || state === 'Z' || state === 'X') return 'down'
  return state === 'T' || state === 't' ? 'stopped' : 'running'
}

export function parseMark(text: string): ProcessMark | undefined {
  const [pid, born] = text.trim().split(' ')
  return pid && born && Number.isInteger(Number(pid)) ? { pid: Number(pid), born } : undefined
}

export function printMark(mark: ProcessMark): string {
  return `${mark.pid} ${mark.born}\n`
}

export function commandLineOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()
}

/** The processes we may end (our user's, or all as root), by the name of their program and the words they were started with. */
export function processesOfUs(): Array<{ pid: number; program: string; words: string[] }> {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.flatMap((pid) => {
    const program = programOf(pid)
    return program !== '' && isOurs(pid) ? [{ pid, program, words: read(`/proc/${pid}/cmdline`).split('\0') }] : []
  })
}

function programOf(pid: number): string {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`))
  } catch {
    return ''
  }
}

function isOurs(pid: number): boolean {
  const user = process.getuid?.()
  return user === 0 || statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === user
}

/** Memory of a process and all it started, in bytes; what they share counts once (PSS, where we may read it). */
export function memoryBytes(pid: number): number {
  const shared = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1]
  const own = shared ? Number(shared) * 1024 : Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * 4096
  return own + childrenOf(pid).reduce((sum, child) => sum + memoryBytes(child), 0)
}

/** Processor time of a process and all it started that still lives, in seconds. */
export function cpuSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  return ticks / 100 + childrenOf(pid).reduce((sum, child) => sum + cpuSeconds(child), 0)
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
