import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { commandLineOf } from '../../ops/appliance/processes.ts'

export const repository = join(import.meta.dirname, '../..')

export type Ended = { code: number | null; out: string }
export type Surroundings = {
  environment?: Record<string, string>
  /** Command words in front: another user, a namespace of its own with a full disk in it. */
  within?: string[]
  /** What it reads from its standard input; nothing without it. */
  input?: string
}

export type Started = {
  child: ChildProcess
  /** What it has said so far, on both streams. */
  said(): string
  ended: Promise<Ended>
}

/** The operator's command as the operator runs it: another process, its exit code and what it prints. */
export function countroom(home: string, args: string[], surroundings: Surroundings = {}): Promise<Ended> {
  return launch(home, args, surroundings).ended
}

/** An ordinary user, whoever runs the tests. */
export const asNobody =
  process.getuid?.() === 0 ? ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : []

/** Starts a command and does not wait; `up` for a whole appliance on free ports. */
export function launch(home: string, args: string[], { environment, within = [], input }: Surroundings = {}): Started {
  const words = [
    ...within,
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(repository, 'ops/countroom.ts'),
    ...args,
  ]
  const variables = { ...process.env, NODE_ENV: '', NODE_OPTIONS: '', COUNTROOM_HOME: home, ...environment }
  return spawnQuietly(words, variables, input)
}

export function spawnQuietly(
  [command = '', ...args]: string[],
  environment: NodeJS.ProcessEnv,
  input?: string,
): Started {
  const child = spawn(command, args, {
    cwd: repository,
    env: environment,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  child.stdin?.on('error', () => {}).end(input)
  let out = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out }))
  })
  return { child, said: () => out, ended }
}

/** Polls closely, for moments that last milliseconds. @throws Error with what was waited for */
export async function moment(what: string, come: () => boolean, secondsMax = 120): Promise<void> {
  const end = Date.now() + secondsMax * 1000
  while (!come()) {
    if (Date.now() > end) throw new Error(`waited ${secondsMax} s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export async function cardShown(started: Started): Promise<void> {
  await Promise.race([
    moment('the card', () => started.said().includes('Countroom runs')),
    started.ended.then(({ out }) => {
      throw new Error(`the start ended: ${out}`)
    }),
  ])
}

/** Everything on this machine whose command line names the home; the processes of its appliance, and their children. */
export function processesOf(home: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => pid !== process.pid && commandLineOf(pid).includes(home))
}

/** The same with what each one is, for whoever reads why there should be none. */
export function leftIn(home: string): string[] {
  return processesOf(home).map((pid) => `${pid} ${commandLineOf(pid)}`)
}

/** Ends what a test that failed half-way has left, then removes the home. */
export function removeHome(home: string): void {
  for (const pid of processesOf(home)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {}
  }
  rmSync(home, { recursive: true, force: true, maxRetries: 20 })
}

export function cardIn(home: string) {
  return JSON.parse(readFileSync(join(home, 'run/appliance.json'), 'utf8')) as {
    ca: string
    supervisor: number
    urls: { lobby: string; operator: string; inbox: string }
    processes: Array<{ name: string; pid: number }>
  }
}
