import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSeconds } from '../../../ops/appliance/processes.ts'
import { freePort } from '../../support/port.ts'
import { type Figure, median, type RunOptions } from '../benchmark.ts'
import { figure } from './requests.ts'

const program = join(import.meta.dirname, 'programs/accepting.ts')
const ways = {
  turns: 'by turns',
  shared: 'one queue for all',
  reuse: 'SO_REUSEPORT',
} as const
type Way = keyof typeof ways

const connections = 2000
const atOnce = 16
const waiting = 40
const answerMsMax = 5000

/** What is taken from the edge's way of accepting, and what its rivals would cost: how even, how dear, and what a worker that dies takes with it. */
export async function measureAccepting({ rounds, say }: RunOptions): Promise<Figure[]> {
  const taken = new Map<Way, Array<{ busiest: number; microseconds: number; lost: number }>>()
  for (let round = 0; round < rounds; round++)
    for (const way of Object.keys(ways) as Way[]) taken.set(way, [...(taken.get(way) ?? []), await measure(way)])
  return [...taken].flatMap(([way, all]) => {
    const row = (what: string, unit: string, of: (one: (typeof all)[number]) => number) =>
      figure(`accepting ${ways[way]}: ${what}`, unit, all.map(of))
    say(`accepting ${ways[way]}: ${median(all.map(({ lost }) => lost))} lost`)
    return [
      row('share of the busier of two workers', '%', ({ busiest }) => busiest * 100),
      row('a connection', 'µs CPU', ({ microseconds }) => microseconds),
      row(`of ${waiting} that wait, lost with a worker that dies`, '', ({ lost }) => lost),
    ]
  })
}

async function measure(way: Way) {
  const port = await freePort()
  const child = fork(program, [way, String(port)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit')
  try {
    const [{ pids }] = (await once(child, 'message')) as [{ pids: number[] }]
    const before = cpuSeconds(child.pid!)
    const answers = await askMany(port)
    const microseconds = ((cpuSeconds(child.pid!) - before) / connections) * 1e6
    const busiest = Math.max(...pids.map((pid) => answers.filter((each) => each === String(pid)).length)) / connections
    return { busiest, microseconds, lost: await lostWith(child, pids[0]!, port) }
  } finally {
    child.disconnect()
    await ended
  }
}

async function askMany(port: number): Promise<string[]> {
  const answers: string[] = []
  let left = connections
  const one = async () => {
    while (left-- > 0) answers.push(await ask(port))
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  return answers
}

/** Connections that come while a worker is busy, and what becomes of them when it is killed. */
async function lostWith(child: ChildProcess, victim: number, port: number): Promise<number> {
  child.send(victim)
  await sleep(100)
  const answers = Array.from({ length: waiting }, () => ask(port).catch(() => 'lost'))
  await sleep(200)
  process.kill(victim, 'SIGKILL')
  return (await Promise.all(answers)).filter((answer) => answer === 'lost').length
}

/** Who took a connection. @throws Error when nobody did, or it was cut */
function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ host: '127.0.0.1', port })
    socket.setTimeout(answerMsMax, () => socket.destroy(new Error('nobody answers')))
    socket.once('data', (said) => {
      socket.destroy()
      resolve(said.toString().trim())
    })
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
  })
}
