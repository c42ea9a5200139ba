import { readFileSync, writeFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { type Caller, openCaller } from '../../caller.ts'

/**
 * Asks at a constant rate, one way after the other for a short while each, whatever the answers take: latencies count from the instant a
 * request was due (no coordinated omission). A thread wakes this one for each request, because timers here are good to a millisecond only.
 */
type Load = {
  ways: Array<{ name: string; port: number }>
  perSecond: number
  turns: number
  sliceMs: number
  path: string
  answerFile: string
  ca: string
  /** The file that the latencies of each turn and way go to, in milliseconds. */
  told: string
}
const { ways, perSecond, turns, sliceMs, path, answerFile, ca, told } = JSON.parse(process.argv[2] ?? '') as Load
const connections = 64
/** Turns that warm up, and are not told. */
const warmUp = 5

const answer = readFileSync(answerFile, 'utf8')
const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n\r\n`)
// The origin has another name than the proxies, of the same authority.
const checkServerIdentity = () => undefined
const common = { host: '127.0.0.1', servername: 'localhost', ca: readFileSync(ca), checkServerIdentity }
const lines = await Promise.all(
  ways.map(async ({ name, port }) => {
    const idle = await Promise.all(Array.from({ length: connections }, () => openCaller({ ...common, port })))
    return { name, idle, waiting: [] as Array<{ dueMs: number; turn: number }> }
  }),
)
const eachSlice = Math.floor((perSecond * sliceMs) / 1000)
const count = eachSlice * ways.length * (turns + warmUp)
const found = Array.from({ length: turns }, () => Object.fromEntries(ways.map(({ name }) => [name, [] as number[]])))
let answered = 0

const clock = new Worker(
  `const { parentPort, workerData: { count, everyMs } } = require('node:worker_threads')
   const nobody = new Int32Array(new SharedArrayBuffer(4))
   const nowMs = () => Number(process.hrtime.bigint()) / 1e6
   const beginMs = nowMs() + 50
   for (let i = 0; i < count; i++) {
     const dueMs = beginMs + i * everyMs
     const waitMs = dueMs - nowMs()
     if (waitMs > 0) Atomics.wait(nobody, 0, 0, waitMs)
     parentPort.postMessage({ i, dueMs })
   }`,
  { eval: true, workerData: { count, everyMs: 1000 / perSecond } },
)
clock.on('message', ({ i, dueMs }: { i: number; dueMs: number }) => {
  const slice = Math.floor(i / eachSlice)
  const turn = Math.floor(slice / ways.length)
  const line = lines[(slice + turn) % ways.length]! // who begins changes from turn to turn
  line.waiting.push({ dueMs, turn })
  next(line)
})

/** On a clock that all threads share. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function next(line: (typeof lines)[number]): void {
  while (line.waiting.length > 0 && line.idle.length > 0) void one(line, line.waiting.shift()!, line.idle.pop()!)
}

async function one(
  line: (typeof lines)[number],
  { dueMs, turn }: { dueMs: number; turn: number },
  caller: Caller,
): Promise<void> {
  const heard = await caller.call(request)
  if (heard.status !== 200 || heard.body !== answer) throw new Error(`the answer was ${heard.status} ${heard.body}`)
  if (turn >= warmUp) found[turn - warmUp]![line.name]!.push(Math.round((nowMs() - dueMs) * 1000) / 1000)
  line.idle.push(caller)
  if (++answered < count) return next(line)
  writeFileSync(told, JSON.stringify(found))
  process.exit(0)
}
