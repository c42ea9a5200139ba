import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, closeSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import type { Home } from './home.ts'
import type { Identity } from './identity.ts'
import { markOf, printMark } from './processes.ts'
import { Trouble } from './trouble.ts'

/** One process of the appliance and how to know that it serves. */
export type Unit = {
  name: string
  role: string
  command: string
  args: string[]
  identity: Identity | undefined
  environment?: Record<string, string>
  stopSignal?: NodeJS.Signals
  /** Undefined when it serves, else why not. */
  probe(): Promise<string | undefined>
}

export type UnitState = {
  name: string
  role: string
  pid: number | undefined
  startedAt: string | undefined
  restarts: number
}

type Running = {
  unit: Unit
  child: ChildProcess | undefined
  state: UnitState
  backoffMs: number
  timer?: NodeJS.Timeout
}

const backoffFirstMs = 100
const backoffMaxMs = 10_000
const calmMs = 20_000
const stopSecondsMax = 20
const logBytesMax = 64 * 1024 * 1024

/** Starts processes, brings back what dies, and stops them in the reverse order of their start. */
export function createSupervisor(home: Home, changed: (states: UnitState[]) => void) {
  const running: Running[] = []
  let stopping = false

  return {
    /** Starts a process and waits until it serves. @throws Trouble with the end of its log when it does not */
    async start(unit: Unit, secondsMax = 60): Promise<void> {
      const entry: Running = {
        unit,
        child: undefined,
        backoffMs: backoffFirstMs,
        state: { name: unit.name, role: unit.role, pid: undefined, startedAt: undefined, restarts: 0 },
      }
      running.push(entry)
      launch(entry)
      await serving(entry, secondsMax)
    },
    states: () => running.map((entry) => ({ ...entry.state })),
    /** Stops everything, last started first; each process drains on its own signal. */
    async stop(): Promise<void> {
      stopping = true
      for (const entry of running.toReversed()) {
        clearTimeout(entry.timer)
        await end(entry)
      }
    },
  }

  function launch(entry: Running): void {
    const { unit, state } = entry
    const log = openLog(home, unit.name, unit.identity)
    const bornAt = Date.now()
    const child = spawn(unit.command, unit.args, {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', HOME: home.dir, LANG: 'C.UTF-8', TZ: 'UTC', ...unit.environment },
      stdio: ['ignore', log, log],
      // A group of its own: Ctrl-C in the terminal reaches the supervisor only, which then drains in order.
      detached: true,
      ...unit.identity,
    })
    closeSync(log)
    entry.child = child
    state.pid = child.pid
    state.startedAt = new Date(bornAt).toISOString()
    const mark = child.pid === undefined ? undefined : markOf(child.pid)
    if (mark) home.write(`run/${unit.name}.pid`, printMark(mark))
    child.on('error', () => {})
    child.once('exit', () => {
      entry.child = undefined
      state.pid = undefined
      rmSync(home.path('run', `${unit.name}.pid`), { force: true })
      if (stopping) return
      if (Date.now() - bornAt > calmMs) entry.backoffMs = backoffFirstMs
      entry.timer = setTimeout(() => {
        state.restarts++
        launch(entry)
      }, entry.backoffMs)
      entry.backoffMs = Math.min(backoffMaxMs, entry.backoffMs * 2)
      changed(running.map((each) => each.state))
    })
    changed(running.map((each) => each.state))
  }

  async function serving(entry: Running, secondsMax: number): Promise<void> {
    const until = Date.now() + secondsMax * 1000
    let why: string | undefined = 'it was not asked yet'
    while (Date.now() < until && !stopping && entry.state.restarts < 3) {
      why = await entry.unit.probe().catch((error: Error) => error.message)
      if (why === undefined) return
      await new Promise((done) => setTimeout(done, 50))
    }
    const log = home.path('log', `${entry.unit.name}.log`)
    throw new Trouble(`${entry.unit.name} (${entry.unit.role}) does not serve: ${why}`, {
      setting: log,
      remedy: `tail -n 20 ${log}`,
    })
  }
}

export type Supervisor = ReturnType<typeof createSupervisor>

async function end(entry: Running): Promise<void> {
  const { child, unit } = entry
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(unit.stopSignal ?? 'SIGTERM')
  const hard = setTimeout(() => child.kill(unit.name === 'postgres' ? 'SIGQUIT' : 'SIGKILL'), stopSecondsMax * 1000)
  await gone
  clearTimeout(hard)
}

/** The log of a process; one older generation is kept. */
function openLog(home: Home, name: string, owner: Identity | undefined): number {
  const file = home.path('log', `${name}.log`)
  try {
    if (statSync(file).size > logBytesMax) renameSync(file, `${file}.1`)
  } catch {}
  const descriptor = openSync(file, 'a', 0o640)
  if (owner && process.getuid?.() === 0) chownSync(file, owner.uid, owner.gid)
  return descriptor
}
