import { openBounceIntake } from './carriers/bounces.ts'
import { carrierOf, closeCarriers } from './carriers/carriers.ts'
import { configFileFromArguments, readConfig } from './config.ts'
import { jobs } from './jobs/index.ts'
import { begin } from './lifetime.ts'
import { listenScrape } from './listen.ts'
import { observeMachine } from './machine.ts'
import { startManagement } from './management.ts'
import { openHost } from './open-host.ts'
import { observePool } from './pool.ts'
import { observeProgram } from './program.ts'
import { startSealer } from './sealer.ts'
import { keepSamples } from './service/samples.ts'
import { startShipper } from './shipping/shipper.ts'
import { watchTimeSource } from './time-source.ts'
import { observeWaiting } from './waiting.ts'
import { startWitnessing } from './witnesses.ts'

/** The worker: everything slow or fallible that a transaction asked for. */
const config = readConfig(configFileFromArguments())
const host = await openHost(config, 'works')
observeMachine(configFileFromArguments())
observePool(host)
observeProgram(host)
observeWaiting(host)
const clock = watchTimeSource(host, configFileFromArguments())

let stopping = false
const sealer = startSealer(host)
const witnessing = startWitnessing(host)
const ready = async () => (stopping ? ['draining'] : await host.missing())
const management = await startManagement({ ...config.listen.metrics, name: config.name, ready })
if (config.listen.scrape) await listenScrape(config, host.tls, config.listen.scrape, management)
const life = await begin(host, host.missing)
const samples = keepSamples(host)
const shipper = startShipper(host)
const bounces = config.listen.bounces && (await openBounceIntake(host, config.listen.bounces))
carrierOf(host, 'sms') // receipts may wait for it
await host.queue.work({ ...host, games: undefined }, jobs)
host.log.info({ queues: jobs.map((job) => job.queue) }, 'worker works')

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)

async function stop(): Promise<void> {
  stopping = true
  clock.close()
  samples.stop()
  await life.end()
  await Promise.all([sealer.stop(), witnessing.stop()])
  await shipper?.stop()
  await bounces?.close()
  await closeCarriers(host)
  await host.close()
  await management.close()
  host.log.info({}, 'worker stopped')
  process.exit(0)
}
