import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import type { Home } from './home.ts'
import { asUser, type Identity } from './identity.ts'
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
  /** What it is told on its standard input at every start: a PIN that somebody typed, which is kept nowhere else. */
  input?: string
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
  /** When it ended without being asked to, the latest ten. */
  ends: string[]
}

type Running = {
  unit: Unit
  child: ChildProcess | undefined
  state: UnitState
  backoffMs: number
  /** How much was in its log before it was started. */
  logged: number
  gaveUp?: true
  timer?: NodeJS.Timeout
}

/** A process that ends like this would do harm by trying again: a wrong PIN locks a token (sysexits.h, EX_CONFIG). */
const hopelessExitCode = 78
const backoffFirstMs = 100
const backoffMaxMs = 10_000
const calmMs = 20_000
const endsKept = 10
const stopSecondsMax = 20
const logBytesMax = 64 * 1024 * 1024

export type Supervisor = ReturnType<typeof createSupervisor>

/** Starts processes, brings back what dies, and stops them in the reverse order of their start. */
export function createSupervisor(home: Home, changed: (states: UnitState[]) => void, signal?: AbortSignal) {
  const running: Running[] = []
  let stopping = false

  return {
    /** Starts a process and waits until it serves. @throws Trouble with the end of its log when it does not */
    async start(unit: Unit, secondsMax = 60): Promise<void> {
      const entry: Running = {
        unit,
        child: undefined,
        backoffMs: backoffFirstMs,
        logged: logBytes(home, unit.name),
        state: { name: unit.name, role: unit.role, pid: undefined, startedAt: undefined, restarts: 0, ends: [] },
      }
      running.push(entry)
      launch(entry)
      await serving(entry, secondsMax)
    },
    states,
    /** What a process said last about why it cannot go on, if it said anything since it was started. */
    complaintOf(name: string): string | undefined {
      const entry = running.find(({ unit }) => unit.name === name)
      return entry && lastComplaint(home.path('log', `${name}.log`), entry.logged)
    },
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
    const log = openLog(home, unit.name)
    const bornAt = Date.now()
    const child = spawn(...asUser(unit.identity, unit.command, unit.args), {
      cwd: '/',
      env: { PATH: '/usr/bin:/bin', HOME: home.dir, LANG: 'C.UTF-8', TZ: 'UTC', ...unit.environment },
      stdio: [unit.input === undefined ? 'ignore' : 'pipe', log, log],
      // A group of its own: Ctrl-C in the terminal reaches the supervisor only, which then drains in order.
      detached: true,
    })
    closeSync(log)
    child.stdin?.on('error', () => {}) // it ended before it read
    child.stdin?.end(unit.input)
    entry.child = child
    state.pid = child.pid
    state.startedAt = new Date(bornAt).toISOString()
    const mark = child.pid === undefined ? undefined : markOf(child.pid)
    child.on('error', () => {})
    child.once('exit', (code) => {
      entry.child = undefined
      state.pid = undefined
      rmSync(home.path('run', `${unit.name}.pid`), { force: true })
      if (stopping) return
      state.ends = [...state.ends, new Date().toISOString()].slice(-endsKept)
      if (Date.now() - bornAt > calmMs) entry.backoffMs = backoffFirstMs
      if (code === hopelessExitCode) entry.gaveUp = true
      else relaunchLater(entry)
      changed(states())
    })
    if (mark) home.write(`run/${unit.name}.pid`, printMark(mark))
    changed(states())
  }

  function relaunchLater(entry: Running): void {
    entry.timer = setTimeout(() => {
      entry.state.restarts++
      try {
        launch(entry)
      } catch {
        // A full disk takes neither a log nor a pid file. What keeps the others alive must not end over it.
        if (!entry.child) relaunchLater(entry)
      }
    }, entry.backoffMs)
    entry.backoffMs = Math.min(backoffMaxMs, entry.backoffMs * 2)
  }

  function states(): UnitState[] {
    return running.map(({ state }) => ({ ...state }))
  }

  async function serving(entry: Running, secondsMax: number): Promise<void> {
    const until = Date.now() + secondsMax * 1000
    let why: string | undefined = 'it was not asked yet'
    while (Date.now() < until && !stopping && !entry.gaveUp && entry.state.restarts < 3) {
      signal?.throwIfAborted()
      why = await entry.unit.probe().catch((error: Error) => error.message)
      if (why === undefined) return
      await new Promise((done) => setTimeout(done, 50))
    }
    const log = home.path('log', `${entry.unit.name}.log`)
    throw new Trouble(
      `${entry.unit.name} (${entry.unit.role}) does not serve: ${lastComplaint(log, entry.logged) ?? why ?? 'it was stopped'}`,
      { setting: log, remedy: `tail -n 20 ${log}` },
    )
  }
}

async function end(entry: Running): Promise<void> {
  const { child, unit } = entry
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill(unit.stopSignal ?? 'SIGTERM')
  const hard = setTimeout(() => child.kill(unit.name === 'postgres' ? 'SIGQUIT' : 'SIGKILL'), stopSecondsMax * 1000)
  await gone
  clearTimeout(hard)
}

/** What the process itself said last about why, in what it wrote since `from`; the operator should not have to look. */
function lastComplaint(log: string, from: number): string | undefined {
  const lines = readFileSync(log, 'utf8').slice(from).split('\n')
  const line = lines.findLast((each) => /FATAL|PANIC|^\w*Error: |"level":(50|60)|# .*error/i.test(each))
  return line && saying(line).slice(0, 400)
}

function saying(line: string): string {
  try {
    const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } }
    return [msg, err?.message].filter(Boolean).join(': ')
  } catch {
    return line.replace(/^.*?(FATAL|PANIC): +/, '')
  }
}

function logBytes(home: Home, name: string): number {
  try {
    return statSync(home.path('log', `${name}.log`)).size
  } catch {
    return 0
  }
}

/** The log of a process, which is given it open and cannot open another; one older generation is kept. */
function openLog(home: Home, name: string): number {
  const file = home.path('log', `${name}.log`)
  try {
    if (statSync(file).size > logBytesMax) renameSync(file, `${file}.1`)
  } catch {}
  return openSync(file, 'a', 0o640)
}
