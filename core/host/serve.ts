import type { Server } from 'node:https'
import { configFileFromArguments, readConfig } from './config.ts'
import { openContinuity } from './continuity.ts'
import { begin } from './lifetime.ts'
import { drain, listenFace, listenScrape } from './listen.ts'
import { createLive } from './live.ts'
import { startManagement } from './management.ts'
import { openHost } from './open-host.ts'
import { operatorFace } from './operator/index.ts'
import { partnerFace } from './partner/index.ts'
import { openPlay } from './play.ts'
import { playerFace } from './player/index.ts'
import { observePool } from './pool.ts'
import { refuseUnapproved } from './program.ts'
import { keepSamples } from './service/samples.ts'

/** A core process: the three faces on their three networks, and the hot path. */
const config = readConfig(configFileFromArguments())
const open = await openHost(config, 'sends')
await refuseUnapproved(open)
const continuity = await openContinuity(open)
const play = await openPlay({ ...open, continuity })
observePool(open)
const host = { ...open, continuity, games: play.games }

let stopping = false
const ready = async () => (stopping ? ['draining'] : [...(await open.missing()), ...play.missing()])

// What a process tells of itself is no money: it starts while all money stands still, or nobody could let it move again.
const life = await begin(open, async () => [...(await open.missing()), ...play.missing()])
const samples = keepSamples(open)
const live = createLive(host)
const faces = [
  { address: config.listen.player, app: playerFace(host, ready) },
  { address: config.listen.operator, app: operatorFace(host, ready) },
  { address: config.listen.partner, app: partnerFace(host, ready) },
]
const servers: Server[] = []
for (const { address, app } of faces) if (address) servers.push(await listenFace(config, open.tls, address, app))
servers[0]?.on('upgrade', live.upgrade)
const management = await startManagement({ ...config.listen.metrics, name: config.name, ready })
if (config.listen.scrape) servers.push(await listenScrape(config, open.tls, config.listen.scrape, management))
open.log.info({ listen: config.listen }, 'core serves')

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop)

async function stop(): Promise<void> {
  stopping = true
  live.close()
  samples.stop()
  await drain(servers, config.limits.drainSecondsMax)
  await life.end()
  await play.close()
  await continuity.close()
  await open.close()
  await management.close()
  open.log.info({}, 'core stopped')
  process.exit(0)
}
