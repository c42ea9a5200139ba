import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A machine of the lab: a network namespace with one address, and a cable that can be pulled. */
export type Machine = {
  readonly name: string
  readonly address: string
  /** Runs a command there; its output. @throws Error when it fails */
  run(command: string, args: readonly string[], options?: { input?: string; env?: Record<string, string> }): string
  /** Starts something there that outlives the call. */
  start(command: string, args: readonly string[], env: Record<string, string>, log: number): ChildProcess
  pids(): number[]
  unplug(): void
  plug(): void
  isPlugged(): boolean
}

export type Network = { gateway: string; machine(host: number): Machine; down(): void }

const root = join(import.meta.dirname, '../..')
const ip = (...words: string[]) =>
  execFileSync('/usr/sbin/ip', words, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' })

/** A network of its own with this machine at `.1`; several can be up at once. Needs root. */
export function openNetwork(): Network {
  const id = randomBytes(3).toString('hex')
  const subnet = freeSubnet()
  const bridge = `crb${id}`
  ip('link', 'add', bridge, 'type', 'bridge')
  ip('addr', 'add', `${subnet}.1/24`, 'dev', bridge)
  ip('link', 'set', bridge, 'up')
  const made: Array<{ namespace: string; cable: string }> = []
  return {
    gateway: `${subnet}.1`,
    machine(host) {
      const namespace = `cr${id}m${host}`
      const cable = `crv${id}${host}`
      const address = `${subnet}.${host}`
      ip('netns', 'add', namespace)
      made.push({ namespace, cable })
      ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
      ip('link', 'set', cable, 'master', bridge, 'up')
      ip('-n', namespace, 'link', 'set', 'lo', 'up')
      ip('-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0')
      ip('-n', namespace, 'link', 'set', 'eth0', 'up')
      ip('-n', namespace, 'route', 'add', 'default', 'via', `${subnet}.1`)
      return machineOf(namespace, cable, address)
    },
    down() {
      for (const { namespace, cable } of made) {
        for (const pid of pidsIn(namespace)) kill(pid, 'SIGKILL')
        spawnSync('/usr/sbin/ip', ['link', 'del', cable]) // before the namespace, whose end is not waited for
        spawnSync('/usr/sbin/ip', ['netns', 'del', namespace])
      }
      spawnSync('/usr/sbin/ip', ['link', 'del', bridge])
    },
  }
}

function machineOf(namespace: string, cable: string, address: string): Machine {
  const inside = (command: string, args: readonly string[]) => ['netns', 'exec', namespace, command, ...args]
  return {
    name: namespace,
    address,
    run: (command, args, { input, env } = {}) =>
      execFileSync('/usr/sbin/ip', inside(command, args), {
        encoding: 'utf8',
        env: { ...process.env, ...env },
        ...(input === undefined ? { stdio: ['ignore', 'pipe', 'pipe'] } : { input }),
      }),
    start: (command, args, env, log) =>
      spawn('/usr/sbin/ip', inside('/usr/bin/tini', ['-s', '--', command, ...args]), {
        cwd: root,
        env: { ...process.env, ...env },
        stdio: ['ignore', log, log],
        detached: true,
      }),
    pids: () => pidsIn(namespace),
    unplug: () => void ip('link', 'set', cable, 'down'),
    plug: () => void ip('link', 'set', cable, 'up'),
    isPlugged: () => !/state DOWN/.test(ip('link', 'show', cable)),
  }
}

function pidsIn(namespace: string): number[] {
  const found = spawnSync('/usr/sbin/ip', ['netns', 'pids', namespace], { encoding: 'utf8' })
  return (found.stdout ?? '')
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
}

/** What ended meanwhile needs no ending. */
export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {}
}

/** Whether this machine lets us be several: as root, with namespaces and bridges, and a network between them that carries. */
export async function canBeSeveral(): Promise<boolean> {
  if (process.getuid?.() !== 0) return false
  let network: Network | undefined
  try {
    network = openNetwork()
    const [near, far] = [network.machine(11), network.machine(12)]
    const listening = "require('net').createServer((socket) => socket.end()).listen(7)"
    near.start(node, ['-e', listening], {}, openSync('/dev/null', 'w')).unref()
    for (let attempt = 0; attempt < 50; attempt++) {
      try {
        far.run('/usr/bin/timeout', ['1', '/bin/bash', '-c', `exec 3<>/dev/tcp/${near.address}/7`])
        return true
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    return false
  } catch {
    return false
  } finally {
    network?.down()
  }
}

/** Of 10.77.0.0 to 10.77.255.0, one that no interface here has. */
function freeSubnet(): string {
  const taken = ip('-o', '-4', 'addr', 'show')
  for (;;) {
    const subnet = `10.77.${randomBytes(1)[0]}`
    if (!taken.includes(`${subnet}.`)) return subnet
  }
}

export const node = process.execPath
export const command = (...words: string[]) => [`${root}/ops/countroom.ts`, ...words]

/** The words a process was started with. */
export function wordsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}
