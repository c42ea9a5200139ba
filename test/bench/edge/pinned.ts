import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { memoryBytes } from '../../../ops/appliance/processes.ts'
import { cpuSeconds } from './schedstat.ts'

/** The proxy stands alone on the first core; who asks and who answers share the second. */
export const proxyCore = 0
export const loadCore = 1
const nicety = -15

export type Pinned = {
  cpuSeconds(): number
  memoryBytes(): number
  signal(name: NodeJS.Signals): void
  readonly ended: Promise<unknown>
  stop(): Promise<void>
}

const alive = new Set<ChildProcess>()

/** Whatever happens to the benchmark, what it started ends: by process group, and by the kernel where nobody is left to do it. */
process.on('exit', () => {
  for (const child of alive) end(child, 'SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))

/** Starts a program on one core. What it prints goes to a file; the access logs of some are among it. */
export function startPinned(core: number, command: readonly string[], output: string): Pinned {
  const file = openSync(output, 'a')
  const child = spawnPinned(core, command, ['ignore', file, file])
  closeSync(file)
  const ended = new Promise((resolve) => child.once('exit', resolve))
  return {
    cpuSeconds: () => cpuSeconds(child.pid!),
    memoryBytes: () => memoryBytes(child.pid!),
    signal: (name) => void end(child, name),
    ended,
    async stop() {
      const hard = setTimeout(() => end(child, 'SIGKILL'), 3000)
      end(child, 'SIGTERM')
      await ended
      clearTimeout(hard)
      alive.delete(child)
    },
  }
}

/** Runs a program on one core to its end and answers what it printed. @throws Error when it fails */
export async function runPinned(core: number, command: readonly string[]): Promise<string> {
  const child = spawnPinned(core, command, ['ignore', 'pipe', 'pipe'])
  const printed: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' }
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream]!.on('data', (chunk) => {
      printed[stream] += chunk
    })
  const code = await new Promise((resolve) => child.once('close', resolve))
  alive.delete(child)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${printed.stderr}${printed.stdout}`)
  return printed.stdout
}

function spawnPinned(core: number, command: readonly string[], stdio: StdioOptions): ChildProcess {
  // A group of its own, which is ended as one.
  const child = spawn('taskset', ['-c', String(core), 'setpriv', '--pdeathsig', 'KILL', ...command], {
    stdio,
    detached: true,
  })
  goFirst(child)
  alive.add(child)
  return child
}

/** Before whatever else the machine does, where that is allowed: what has a session of its own shares by that, and not by its processes (sched(7)). */
function goFirst({ pid }: ChildProcess): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(nicety))
  } catch {
    // not root, or a kernel without it
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid!, signal)
  } catch {
    // gone in this moment
  }
}
