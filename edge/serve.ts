import cluster, { type Worker } from 'node:cluster'
import { pino } from 'pino'
import { readConfig } from './config.ts'
import { makeLimitMemory } from './limit/memory.ts'
import { startManagement } from './metrics.ts'

const sharedFdName = 'COUNTROOM_EDGE_SHARED_FD'
const config = readConfig()
if (cluster.isPrimary) await supervise()
else await work()

/** Keeps the workers: replaces one that dies at once, and drains all of them at the end. */
async function supervise(): Promise<void> {
  const log = pino({
    name: config.name,
    level: config.log.level,
    base: { name: config.name },
    timestamp: pino.stdTimeFunctions.isoTime,
  })
  const fork = forkWith(makeLimitMemory())
  const healthy = new Map<number, boolean>()
  let stopping = false
  cluster.on('message', (worker: Worker, message: { healthy?: boolean }) => {
    if (message.healthy !== undefined) healthy.set(worker.id, message.healthy)
  })
  cluster.on('exit', (worker, code, signal) => {
    healthy.delete(worker.id)
    if (stopping) return
    log.error({ worker: worker.process.pid, code, signal }, 'a worker died; another takes its place')
    fork()
  })
  for (let i = 0; i < config.workers; i++) fork()
  const ready = () => {
    if (stopping) return ['draining']
    return [...healthy.values()].some(Boolean) ? [] : ['core']
  }
  const management = await startManagement({ config, ready })
  log.info(
    {
      workers: config.workers,
      listeners: Object.entries(config.listeners).map(([face, { port }]) => `${face}:${port}`),
    },
    'edge serves',
  )

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, async () => {
      stopping = true
      const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)
      await Promise.all(
        workers.map((worker) => {
          worker.process.kill('SIGTERM')
          return new Promise((resolve) => worker.once('exit', resolve))
        }),
      )
      for (const server of management) server.close()
      process.exit(0)
    })
}

/** A worker begins with the memory that all of them share, as a descriptor. */
function forkWith(fd: number | undefined): () => void {
  if (fd === undefined) return () => cluster.fork()
  const stdio = [0, 1, 2, 'ipc', fd] as const
  cluster.setupPrimary({ stdio: [...stdio] })
  return () => cluster.fork({ [sharedFdName]: String(stdio.indexOf(fd)) })
}

async function work(): Promise<void> {
  const sharedFd = process.env[sharedFdName]
  const { runWorker } = await import('./worker.ts') // most of the edge, and nothing the supervisor needs
  const worker = await runWorker(config, sharedFd === undefined ? undefined : Number(sharedFd))
  process.on('SIGINT', () => {}) // a terminal sends it to the whole group; the supervisor decides
  process.once('SIGTERM', async () => {
    await worker.stop()
    process.exit(0)
  })
}
