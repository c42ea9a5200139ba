import cluster, { type Worker } from 'node:cluster'
import type { CoreState } from './balance/cores.ts'
import type { Member } from './balance/members.ts'
import type { EdgeConfig } from './config.ts'
import type { NameProof } from './listen/prover.ts'

/** All that a worker is told: at its beginning, and again whenever some of it changes. */
export type Directions = {
  config: EdgeConfig
  members: readonly Member[]
  /** Names of cores that get nothing new. */
  drainedCores: readonly string[]
  /** Networks that get nothing, besides those in files. */
  bans: readonly string[]
  /** Names to be proven just now to an authority for certificates. */
  proofs: readonly NameProof[]
  /** The edge gives its clients up, and goes on answering those who come all the same. */
  leaving: boolean
}

/** What a worker tells of itself when it is asked. */
export type WorkerState = { webSockets: number; requestsUnderWay: number; cores: CoreState[] }

export type ToWorker = { directions: Directions } | { ask: number }
export type FromWorker =
  | { hello: true }
  | { listens: true }
  | { healthy: boolean }
  | { answer: number; state: WorkerState }

export type CrewMember = {
  readonly pid: number
  readonly startedAt: string
  /** `spare` until it is needed, `starting` until it listens, `leaving` once it is told to. */
  readonly stage: 'spare' | 'starting' | 'serving' | 'leaving'
  readonly healthy: boolean
  readonly state: WorkerState | undefined
}

export type Crew = {
  /** Tells all workers, and makes them as many as the configuration says. */
  direct(directions: Directions): void
  /** When the first worker listens. */
  readonly listening: Promise<void>
  /** Workers that begin from now on count in this memory; undefined: each in its own. */
  share(sharedFd: number | undefined): void
  /** One after the other: the new one listens before the old one leaves. Answers when all are new. */
  restart(): Promise<void>
  anyHealthy(): boolean
  members(): Promise<CrewMember[]>
  /** Lets all of them finish, and answers when they are gone. */
  stop(): Promise<void>
}

type Entry = {
  worker: Worker
  startedAt: string
  stage: CrewMember['stage']
  /** It has loaded all it is made of, and waits to be told what to do. */
  isReady: boolean
  healthy: boolean
  listens: Promise<boolean>
  began(listens: boolean): void
  readonly gone: Promise<void>
}

const sharedFdName = 'COUNTROOM_EDGE_SHARED_FD'
const answerMsMax = 1000
const hardStopSeconds = 3 // beyond the time that a worker gives itself
const breathMsMax = 1000

/**
 * Keeps the workers of one host: as many as wanted, and a spare one that has loaded everything and been told nothing, so that it takes the
 * place of a dead one at once. `sharedFd`: the memory that all of them count in.
 */
export function openCrew(
  first: Directions,
  sharedFd: number | undefined,
  onDeath: (facts: { worker: number; code: number; signal: string }) => void,
): Crew {
  let directions = first
  let stopping = false
  let asked = 0
  let breathMs = 0
  let fork = forkWith(sharedFd)
  let restarting = Promise.resolve()
  const firstListens = Promise.withResolvers<void>()
  const entries = new Map<number, Entry>()
  const questions = new Map<string, (state: WorkerState) => void>()
  cluster.on('message', (worker: Worker, message: FromWorker) => hear(worker, message))
  cluster.on('exit', (worker, code, signal) => {
    const entry = entries.get(worker.id)
    entries.delete(worker.id)
    entry?.began(false)
    if (stopping || entry?.stage === 'leaving') return
    onDeath({ worker: worker.process.pid ?? 0, code, signal })
    // One that dies before it ever listened would die again at once.
    breathMs = entry?.stage === 'serving' ? 0 : Math.min(breathMsMax, breathMs * 2 + 50)
    if (breathMs === 0) fill()
    else setTimeout(fill, breathMs)
  })
  fill()

  return {
    direct(next) {
      directions = next
      for (const { worker, stage } of entries.values()) if (stage !== 'spare') send(worker, { directions })
      fill()
    },
    share(fd) {
      fork = forkWith(fd)
    },
    restart() {
      restarting = restarting.then(replaceAll)
      return restarting
    },
    listening: firstListens.promise,
    anyHealthy: () => [...entries.values()].some(({ healthy, stage }) => healthy && stage !== 'leaving'),
    members: () => Promise.all([...entries.values()].filter(({ stage }) => stage !== 'spare').map(memberOf)),
    async stop() {
      stopping = true
      await Promise.all([...entries.values()].map(leave))
    },
  }

  async function replaceAll(): Promise<void> {
    const loaded = spare()
    if (loaded) void leave(loaded) // as old as the others
    for (const old of staying()) {
      if (stopping) return
      if (await launch().listens) void leave(old)
    }
  }

  function staying(): Entry[] {
    return [...entries.values()].filter(({ stage }) => stage === 'starting' || stage === 'serving')
  }

  function spare(): Entry | undefined {
    return [...entries.values()].find(({ stage }) => stage === 'spare')
  }

  function fill(): void {
    if (stopping) return
    const { workers } = directions.config
    for (let missing = workers - staying().length; missing > 0; missing--) launch()
    for (const entry of staying().slice(0, Math.max(0, staying().length - workers))) void leave(entry)
    keepSpare()
  }

  /** Not before the others serve, whom it would hold up. */
  function keepSpare(): void {
    if (!stopping && spare() === undefined && staying().every(({ stage }) => stage === 'serving')) begin()
  }

  /** Puts the spare one to work, or a new one where there is none. */
  function launch(): Entry {
    const entry = spare() ?? begin()
    entry.stage = 'starting'
    if (entry.isReady) send(entry.worker, { directions })
    return entry
  }

  function begin(): Entry {
    const worker = fork()
    let began: (listens: boolean) => void = () => {}
    const listens = new Promise<boolean>((resolve) => {
      began = resolve
    })
    const entry: Entry = {
      worker,
      startedAt: new Date().toISOString(),
      stage: 'spare',
      isReady: false,
      healthy: false,
      listens,
      began,
      gone: new Promise((resolve) => worker.once('exit', () => resolve())),
    }
    entries.set(worker.id, entry)
    return entry
  }

  function hear(worker: Worker, message: FromWorker): void {
    const entry = entries.get(worker.id)
    if (!entry) return
    if ('hello' in message) {
      entry.isReady = true
      if (entry.stage === 'starting') send(worker, { directions })
    } else if ('healthy' in message) entry.healthy = message.healthy
    else if ('answer' in message) questions.get(`${worker.id} ${message.answer}`)?.(message.state)
    else if ('listens' in message) {
      if (entry.stage === 'starting') entry.stage = 'serving'
      firstListens.resolve()
      entry.began(true)
      keepSpare()
    }
  }

  /** It finishes what it has (SIGTERM says so), and not for longer than it may. */
  function leave(entry: Entry): Promise<void> {
    const { worker, gone } = entry
    if (entry.stage === 'leaving') return gone // told again, it would end at once
    entry.stage = 'leaving'
    worker.process.kill('SIGTERM')
    const patienceMs = (directions.config.limits.drainSecondsMax + hardStopSeconds) * 1000
    const hard = setTimeout(() => worker.process.kill('SIGKILL'), patienceMs)
    return gone.then(() => clearTimeout(hard))
  }

  async function memberOf({ worker, startedAt, stage, healthy }: Entry): Promise<CrewMember> {
    return { pid: worker.process.pid ?? 0, startedAt, stage, healthy, state: await stateOf(worker) }
  }

  /** Undefined of one that does not answer, as one that hangs, has just begun or has ended. */
  function stateOf(worker: Worker): Promise<WorkerState | undefined> {
    const question = ++asked
    const key = `${worker.id} ${question}`
    let gone = () => {}
    return new Promise<WorkerState | undefined>((resolve) => {
      gone = () => resolve(undefined)
      worker.once('exit', gone)
      const patience = setTimeout(() => resolve(undefined), answerMsMax)
      questions.set(key, (state) => {
        clearTimeout(patience)
        resolve(state)
      })
      send(worker, { ask: question })
    }).finally(() => {
      worker.off('exit', gone)
      questions.delete(key)
    })
  }
}

/** A worker begins with the memory that all of them share, as a descriptor. */
function forkWith(sharedFd: number | undefined): () => Worker {
  cluster.schedulingPolicy = cluster.SCHED_NONE // all accept from one queue: nobody hands over, and nothing that waits goes with a worker
  if (sharedFd === undefined) return () => cluster.fork()
  const stdio = [0, 1, 2, 'ipc', sharedFd] as const
  return () => {
    cluster.setupPrimary({ stdio: [...stdio] })
    return cluster.fork({ [sharedFdName]: String(stdio.indexOf(sharedFd)) })
  }
}

/** For a worker: the descriptor that it was given. */
export function sharedFdGiven(): number | undefined {
  const given = process.env[sharedFdName]
  return given === undefined ? undefined : Number(given)
}

function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => {}) // one that is just dying hears nothing any more
}
