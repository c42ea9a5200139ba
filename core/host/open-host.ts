import { join } from 'node:path'
import { provideQueue } from '#base'
import * as games from '#games'
import { connectKeys, presentFiles } from '#keys'
import * as messages from '#messages'
import * as pki from '#pki'
import * as players from '#players'
import { watchBreachFile } from './breach-file.ts'
import { openCache, type RedisAddress } from './cache.ts'
import type { Config } from './config.ts'
import { type DatabaseAddress, openDatabase, type Sql } from './database.ts'
import { openExports } from './exports.ts'
import type { Host } from './host.ts'
import { createLog } from './log.ts'
import { followPrimary } from './primary.ts'
import { openQueue, type Queue } from './queue.ts'
import { openNetworks } from './registers/networks.ts'
import { readSecret } from './secrets.ts'
import { openSignIns } from './sign-ins.ts'
import { openTls, type Tls } from './tls.ts'
import type { Tracing } from './tracing/index.ts'

export type OpenHost = Omit<Host, 'games'> & {
  readonly database: DatabaseAddress
  readonly queue: Queue
  readonly tls: Tls
  /** Hears of every connection to the database that ended. */
  whenLost(hear: () => void): void
  /** The names of what this process cannot do without and does not reach. */
  missing(): Promise<string[]>
  close(): Promise<void>
}

/** When the machine of another core dies, its batches hold wallets that players go on betting from through the others. */
const goneMsMax = 2000

/** Connects a process to the engines below it: PostgreSQL, Redis, the key agent, the queue. */
export async function openHost(config: Config, role: 'sends' | 'works'): Promise<OpenHost> {
  const log = createLog(config.name, config.log.level)
  const tls = openTls(config.tls, log)
  const { passwordFile, component, members, ...address } = config.database
  const primary =
    members &&
    followPrimary(members, () => tls.connecting({ component: pki.sharedLabel('postgres'), role: 'postgres' }))
  const hearers: Array<() => void> = []
  const database: DatabaseAddress = {
    ...address,
    lost: () => {
      for (const hear of hearers) hear()
    },
    password: readSecret(passwordFile),
    name: config.name,
    ...(component ? { tls: () => tls.connecting({ component, role: 'postgres' }) } : {}),
    ...(primary ? { socket: primary.socket, goneMsMax } : {}),
  }
  const sql = openDatabase(database)
  const tracing = config.telemetry && (await openTracing(config, sql))
  const exports = openExports({ config, database, log })
  const keys = connectKeys({
    socket: config.keys.socket,
    presenting: presentFiles(config.keys.role, config.tls),
    hindered: (reason) => log.warn({ reason }, 'the key agent cannot be reached'),
  })
  const password = () => readSecret(config.redis.passwordFile)
  const cache = openCache({ address: redisAddress(config, tls), password, log })
  const queue = await openQueue(database, role, log)
  provideQueue(queue.enqueue)
  messages.provideCarriers(['email', ...(config.smsCarrier ? (['sms'] as const) : [])])
  players.providePasswordScreen({
    words: [...config.brand.split(/\s+/), ...games.catalogue().flatMap(({ name }) => name.split(/\s+/))],
    breaches: watchBreachFile(join(config.home, 'passwords/breached'), log),
  })
  const now = () => new Date()
  const signIns = openSignIns({ sql, cache, now, betSecondsMax: config.limits.betSessionCacheSecondsMax })
  return {
    config,
    database,
    queue,
    sql,
    keys,
    cache,
    log,
    exports,
    networks: openNetworks(config.networks),
    tls,
    tracing,
    whenLost: (hear) => hearers.push(hear),
    signIns,
    now,
    async missing() {
      const [database, agent] = await Promise.all([answers(sql`select 1`), answers(keys.health())])
      return [...(database ? [] : ['database']), ...(agent ? [] : ['keys'])]
    },
    async close() {
      await queue.close()
      await exports.close()
      await sql.end({ timeout: 5 })
      await keys.close()
      await cache.close()
      primary?.close()
      tls.close()
      await tracing?.close()
    },
  }
}

/** Loaded only where it is wanted. */
async function openTracing({ keys, telemetry, database }: Config, sql: Sql): Promise<Tracing> {
  const { openTracing } = await import('./tracing/index.ts')
  return openTracing(keys.role, telemetry!, sql, database.database)
}

function redisAddress({ redis }: Config, tls: Tls): RedisAddress {
  if ('socket' in redis) return { path: redis.socket }
  const { host, port, component, sentinels } = redis
  const shown = tls.connecting({ component, role: 'redis' })
  return sentinels ? { sentinels, name: 'countroom', tls: shown } : { host, port, tls: shown }
}

async function answers(question: PromiseLike<unknown>): Promise<boolean> {
  const patience = new Promise<false>((resolve) => setTimeout(() => resolve(false), 2000).unref())
  return Promise.race([
    Promise.resolve(question).then(
      () => true,
      () => false,
    ),
    patience,
  ])
}
