import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { percentile } from '../../benchmark.ts'
import { openCaller } from '../../caller.ts'

/**
 * Asks at a constant rate, whatever the answers take: latencies count from the instant a request was due (no coordinated
 * omission). A thread wakes this one for each request, because timers here are good to a millisecond only.
 */
const [port, perSecond, seconds, path, answerFile, ca] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string,
  string,
]
const connections = 64

const answer = readFileSync(answerFile, 'utf8')
const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n\r\n`)
// The origin has another name than the proxies, of the same authority.
const checkServerIdentity = () => undefined
const options = {
  port: Number(port),
  host: '127.0.0.1',
  servername: 'localhost',
  ca: readFileSync(ca),
  checkServerIdentity,
}
const idle = await Promise.all(Array.from({ length: connections }, () => openCaller(options)))
const waiting: number[] = []
const count = Math.floor(Number(perSecond) * Number(seconds))
const latencies = new Float64Array(count)
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
     parentPort.postMessage(dueMs)
   }`,
  { eval: true, workerData: { count, everyMs: 1000 / Number(perSecond) } },
)
clock.on('message', (dueMs: number) => {
  waiting.push(dueMs)
  next()
})

/** On a clock that all threads share. */
function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function next(): void {
  while (waiting.length > 0 && idle.length > 0) {
    const dueMs = waiting.shift()!
    const caller = idle.pop()!
    caller.call(request).then((heard) => {
      if (heard.status !== 200 || heard.body !== answer) throw new Error(`the answer was ${heard.status} ${heard.body}`)
      latencies[answered++] = nowMs() - dueMs
      idle.push(caller)
      if (answered === count) tell()
      else next()
    })
  }
}

function tell(): void {
  const sorted = [...latencies.subarray(Math.floor(count / 10)).sort()]
  console.log(
    JSON.stringify({ p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), p999: percentile(sorted, 0.999) }),
  )
  process.exit(0)
}
