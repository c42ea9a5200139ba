import cluster from 'node:cluster'
import { pino } from 'pino'
import { configFile, readConfig } from './config.ts'
import { type Directions, type FromWorker, sharedFdGiven, type ToWorker } from './crew.ts'
import { standIn } from './tls/acme/keeper.ts'
import { OpenKey } from './tls/private-files.ts'

if (cluster.isPrimary) await begin()
else await work()

async function begin(): Promise<void> {
  const { supervise } = await import('./supervisor.ts')
  const { refuseOpenKeys } = await import('./settings.ts')
  const file = configFile()
  const config = readConfig(file)
  const { name, acme } = config
  const log = pino({ name, level: config.log.level, base: { name }, timestamp: pino.stdTimeFunctions.isoTime })
  try {
    if (acme) standIn(acme.dir, config.listeners.player)
    refuseOpenKeys(config)
  } catch (error) {
    if (!(error instanceof OpenKey)) throw error
    log.fatal(error.message)
    process.exit(1)
  }
  await supervise(file, config, log)
}

/**
 * A worker knows nothing but what the supervisor tells it, so that all of them stand on the same configuration. It has loaded everything when it
 * says hello, so that a spare one only has to be told.
 */
async function work(): Promise<void> {
  const { runWorker } = await import('./worker.ts') // most of the edge, and nothing the supervisor needs
  const { answerSupervisor } = await import('./metrics.ts')
  answerSupervisor()
  let told: Directions | undefined
  let beginning: ReturnType<typeof runWorker> | undefined
  process.on('message', async (message: ToWorker) => {
    if ('ask' in message) {
      const worker = await beginning
      if (worker) tell({ answer: message.ask, state: worker.state() })
    } else if ('directions' in message) {
      const first = told === undefined
      told = message.directions
      if (!first) return (await beginning)?.follow(told)
      beginning = runWorker(told, sharedFdGiven())
      await beginning
      tell({ listens: true })
    }
  })
  process.on('SIGINT', () => {}) // a terminal sends it to the whole group; the supervisor decides
  process.on('SIGHUP', () => {})
  process.once('SIGTERM', async () => {
    await (await beginning)?.stop()
    process.exit(0)
  })
  tell({ hello: true })
}

function tell(message: FromWorker): void {
  process.send?.(message)
}
