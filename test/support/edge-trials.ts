import { randomUUID, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectHttp2, constants } from 'node:http2'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { WebSocket } from 'ws'
import { changes, type Fleet, type FleetCore, openCaller, reads } from './edge-fleet.ts'
import { backAfterMs, beginLoad, type Load, until, wrongIn } from './edge-load.ts'

/**
 * What an edge goes through, each on a fleet that is whole before and after: the tests say what must hold, the benchmark prints the times.
 */
export type Harm = { asked: number; failures: string[]; lost: string[]; doubled: string[] }

async function underLoad<T>(fleet: Fleet, trial: (load: Load) => Promise<T>): Promise<T & Harm> {
  const caller = openCaller(fleet, 8)
  const load = beginLoad(caller)
  try {
    await until('some answers', () => load.seen.length > 100)
    const found = await trial(load)
    await load.stop()
    return { ...found, asked: load.seen.length, failures: load.failures(), ...wrongIn(fleet, load) }
  } finally {
    await load.stop()
    await caller.close()
  }
}

/** A core ends as by a power cut. `slowestMs`: the request that was held up most. */
export function killCore(fleet: Fleet, victim: FleetCore) {
  return underLoad(fleet, async (load) => {
    const atMs = performance.now()
    victim.kill('SIGKILL')
    await until('answers after it', () => load.between(atMs).length > 500)
    return { slowestMs: load.between(atMs - 1000).at(-1) ?? 0 }
  })
}

/** A core stops without closing anything. `backMs`: until the 99th percentile is under the limit again, and stays there as long as it is watched. */
export function hangCore(fleet: Fleet, victim: FleetCore, limitMs: number, watchedMs = 3000) {
  return underLoad(fleet, async (load) => {
    const atMs = performance.now()
    victim.kill('SIGSTOP')
    await until(
      'answers after it',
      () => performance.now() - atMs > watchedMs && load.between(atMs + 1000).length > 500,
    )
    const backMs = backAfterMs(load, atMs, limitMs)
    victim.kill('SIGCONT')
    return { backMs, slowestMs: load.between(atMs - 1000).at(-1) ?? 0 }
  })
}

/** Everything that is data changes under load, with WebSockets open: a certificate, limits, who the cores are. */
export function changeEverything(fleet: Fleet, sockets: number) {
  return underLoad(fleet, async (load) => {
    const open = await Promise.all(Array.from({ length: sockets }, () => openSocket(fleet)))
    await fleet.authority.issue('public', 'public', ['localhost'])
    const shownMs = await until('the new certificate', async () => (await serialShown(fleet)) === fileSerial(fleet))
    fleet.write({ limits: { ...(fleet.config.limits as object), bodyBytesMax: 65_000 } })
    const joining = await fleet.begin('core-9')
    fleet.write({ cores: fleet.listed([...fleet.cores, joining]) })
    const joinedMs = await until('the new core', async () => (await answeredBy(fleet)).has('core-9'))
    fleet.write({ cores: fleet.listed(fleet.cores) })
    await until(
      'it is none any more',
      async () => !JSON.stringify(await fleet.admin('GET', '/cores')).includes('core-9'),
    )
    const mark = performance.now()
    await until('answers after it', () => load.between(mark).length > 200)
    const echoes = await Promise.all(open.map(echoed))
    for (const socket of open) socket.close()
    joining.kill('SIGTERM')
    return { shownMs, joinedMs, dropped: echoes.filter((echo) => !echo).length }
  })
}

/** A worker ends as by a crash, with connections to both that wait for an answer. */
export async function killWorker(fleet: Fleet) {
  const before = await fleet.workers()
  const [victim] = before
  const key = randomUUID()
  const connections = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const connection = await openConnection(fleet)
      await connection.ask('GET', reads)
      return connection
    }),
  )
  try {
    const pending = connections.map((connection) =>
      connection.ask('POST', changes, { key, ms: 1000 }).catch(() => undefined),
    )
    await until('both are asked', async () => (await footprintOf(fleet)).underWay >= 40)
    const atMs = performance.now()
    process.kill(victim as number, 'SIGKILL')
    const replacedMs = until('another takes its place', async () => {
      const now = await fleet.workers()
      return now.length === before.length && !now.includes(victim as number)
    })
    await Promise.all(pending)
    const reset = connections.filter(({ closedMs }) => closedMs !== undefined)
    const survivors = connections.filter(({ closedMs }) => closedMs === undefined)
    const alive = await Promise.all(survivors.map((each) => each.ask('GET', reads).catch(() => undefined)))
    const caller = openCaller(fleet, 1)
    const repeat = await caller.ask('POST', changes, { key, body: '{}' })
    await caller.close()
    return {
      reset: reset.length,
      resetMs: Math.max(0, ...reset.map(({ closedMs }) => (closedMs as number) - atMs)),
      replacedMs: await replacedMs,
      survivors: survivors.length,
      lostByOthers: alive.filter((answer) => !answer?.startsWith('HTTP/1.1 200')).length,
      repeat: repeat.status,
      applied: fleet.applied().filter((each) => each === key).length,
    }
  } finally {
    for (const connection of connections) connection.close()
  }
}

/** Every worker is replaced under load; among the requests are some without a key. */
export function replaceWorkers(fleet: Fleet) {
  return underLoad(fleet, async () => {
    const before = await fleet.workers()
    const bare = beginBare(fleet)
    try {
      const begunMs = performance.now()
      await fleet.admin('POST', '/restart')
      const tookMs = performance.now() - begunMs
      await until('the old ones are gone', async () => {
        const { workers } = (await fleet.admin('GET', '/status')).body as { workers: Array<{ stage: string }> }
        return workers.every(({ stage }) => stage === 'serving')
      })
      await bare.stop()
      const after = await fleet.workers()
      return { tookMs, replaced: before.filter((pid) => !after.includes(pid)).length, ...bare.wrong() }
    } finally {
      await bare.stop()
    }
  })
}

/** Requests that change something and have no key, one after the other. */
function beginBare(fleet: Fleet) {
  const caller = openCaller(fleet, 1) // never idle, so that none is sent where the edge closes
  const done: string[] = []
  const unkeyedFailures: string[] = []
  let going = true
  const loop = (async () => {
    while (going) {
      const body = JSON.stringify({ id: randomUUID() })
      try {
        const { status, text } = await caller.ask('POST', changes, { body })
        if (status === 200) done.push(body)
        else unkeyedFailures.push(`${status} ${text}`)
      } catch (error) {
        unkeyedFailures.push((error as Error).message)
        await sleep(20)
      }
    }
  })()
  return {
    async stop() {
      going = false
      await loop
      await caller.close()
    },
    wrong() {
      const unkeyed = fleet.unkeyed()
      return {
        unkeyedFailures,
        unkeyedWrong: done.filter((body) => unkeyed.filter((each) => each === body).length !== 1),
      }
    },
  }
}

type Footprint = { descriptors: number; megabytes: number; underWay: number }

/** What the workers hold now: open files, memory, requests at cores. */
export async function footprintOf(fleet: Fleet): Promise<Footprint> {
  const { workers } = (await fleet.admin('GET', '/status')).body as {
    workers: Array<{ pid: number; state?: { requestsUnderWay: number; cores: Array<{ inFlight: number }> } }>
  }
  const rss = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
  return {
    descriptors: workers.reduce((sum, { pid }) => sum + readdirSync(`/proc/${pid}/fd`).length, 0),
    megabytes: workers.reduce((sum, { pid }) => sum + rss(pid), 0),
    underWay: workers.reduce(
      (sum, { state }) =>
        sum + (state?.requestsUnderWay ?? 0) + (state?.cores ?? []).reduce((all, { inFlight }) => all + inFlight, 0),
      0,
    ),
  }
}

/** What the workers of a fleet refer to, in MiB: objects and what hangs on them, after whatever nobody refers to was collected. */
export async function heapOf(fleet: Fleet): Promise<number> {
  const told = await Promise.all(
    (await fleet.workers()).map(async (pid) => {
      const file = join(fleet.dir, `heap.${pid}`)
      rmSync(file, { force: true })
      process.kill(pid, 'SIGUSR2')
      await until('a worker tells its heap', () => existsSync(file) && readFileSync(file, 'utf8') !== '')
      return Number(readFileSync(file, 'utf8'))
    }),
  )
  return told.reduce((sum, bytes) => sum + bytes, 0) / 2 ** 20
}

/** Requests whose client goes away in the middle: one half over HTTP/1.1, where that ends a connection that was used before; one over HTTP/2. */
export async function abortRequests(fleet: Fleet, count: number): Promise<void> {
  const half = Math.ceil(count / 2)
  await Promise.all([abortConnections(fleet, half), abortStreams(fleet, count - half)])
}

async function abortConnections(fleet: Fleet, count: number, callers = 16): Promise<void> {
  let left = count
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (left-- > 0) {
        const connection = await openConnection(fleet)
        await connection.ask('GET', reads).catch(() => undefined)
        connection.begin('POST', changes, { key: randomUUID(), ms: 5 })
        await sleep(1)
        connection.close()
      }
    }),
  )
}

/** Fewer than the edge takes for a flood. */
const streamsEach = 100

async function abortStreams(fleet: Fleet, count: number, callers = 4): Promise<void> {
  let left = count
  const ca = readFileSync(join(fleet.dir, 'tls/ca.pem'))
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (left > 0) {
        const session = connectHttp2(`https://localhost:${fleet.port}`, { ca })
        session.on('error', () => {})
        await once(session, 'connect')
        for (let streams = 0; streams < streamsEach && left-- > 0; streams++) {
          const stream = session.request({
            ':method': 'POST',
            ':path': changes,
            'idempotency-key': randomUUID(),
            'content-type': 'application/json',
            'content-length': 8,
          })
          stream.on('error', () => {})
          stream.end('{"ms":5}')
          await sleep(1)
          stream.close(constants.NGHTTP2_CANCEL)
          if (!stream.closed) await once(stream, 'close')
        }
        session.destroy()
      }
    }),
  )
}

async function answeredBy(fleet: Fleet): Promise<Set<string>> {
  const caller = openCaller(fleet, 4)
  const answers = await Promise.all(Array.from({ length: 24 }, () => caller.ask('GET', reads)))
  await caller.close()
  return new Set(answers.map(({ text }) => (JSON.parse(text) as { core: string }).core))
}

export function openSocket(fleet: Fleet): Promise<WebSocket> {
  const socket = new WebSocket(`wss://localhost:${fleet.port}/live`, {
    ca: readFileSync(join(fleet.dir, 'tls/ca.pem')),
  })
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.once('error', reject)
  })
}

function echoed(socket: WebSocket): Promise<boolean> {
  if (socket.readyState !== WebSocket.OPEN) return Promise.resolve(false)
  return new Promise((resolve) => {
    socket.once('message', (data) => resolve(data.toString() === 'still there'))
    socket.once('close', () => resolve(false))
    socket.send('still there')
  })
}

type Told = { key: string; ms: number }

type Connection = {
  readonly closedMs: number | undefined
  begin(method: string, path: string, told?: Told): void
  /** @throws Error when the connection ends before the answer */
  ask(method: string, path: string, told?: Told): Promise<string>
  close(): void
}

/** One connection that is kept alive, and tells when it ended. */
async function openConnection(fleet: Fleet): Promise<Connection> {
  const socket = await openTls(fleet)
  let closedMs: number | undefined
  let waiting: { resolve(text: string): void; reject(error: Error): void } | undefined
  let heard = ''
  socket.on('error', () => {})
  socket.on('close', () => {
    closedMs = performance.now()
    waiting?.reject(new Error('closed'))
  })
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1')
    if (!/\r\n\r\n\{[^}]*\}$/.test(heard)) return
    waiting?.resolve(heard)
    heard = ''
  })
  const begin = (method: string, path: string, told?: Told) => {
    const body = told ? JSON.stringify({ ms: told.ms }) : ''
    const keyed = told
      ? `idempotency-key: ${told.key}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n`
      : ''
    socket.write(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${keyed}\r\n${body}`)
  }
  return {
    get closedMs() {
      return closedMs
    },
    begin,
    ask(method, path, told) {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        if (closedMs !== undefined) reject(new Error('closed'))
        begin(method, path, told)
      })
    },
    close: () => socket.destroy(),
  }
}

function openTls(fleet: Fleet): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const ca = readFileSync(join(fleet.dir, 'tls/ca.pem'))
    const socket = connect({ host: '127.0.0.1', port: fleet.port, servername: 'localhost', ca }, () => resolve(socket))
    socket.once('error', reject)
  })
}

async function serialShown(fleet: Fleet): Promise<string> {
  const socket = await openTls(fleet)
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

function fileSerial(fleet: Fleet): string {
  return new X509Certificate(readFileSync(join(fleet.dir, 'tls/public.pem'))).fingerprint256
}
