import type { ConnectionOptions } from 'node:tls'
import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from './log.ts'

/**
 * What Redis does for us, as small as it is: tell other processes something, hear what they tell, and keep short lists. Nothing that
 * cannot be rebuilt, and nothing whose loss lets anybody in; when Redis is away, calls return quietly.
 */
export type Cache = {
  publish(channel: string, message: string): Promise<void>
  subscribe(pattern: string, hear: (channel: string, message: string) => void): void
  /** Puts something at the end of one of the lists of a kind, which keeps its newest items for a while. */
  append(list: { kind: string; name: string }, item: string, itemsMax: number, secondsMax: number): Promise<void>
  /** Every list of a kind that somebody has put something into for a while, oldest items first; undefined when nobody can say. */
  lists(kind: string): Promise<Array<{ name: string; items: string[] }> | undefined>
  healthy(): boolean
  close(): Promise<void>
}

/** A socket of this machine; an address over mutual TLS; or sentinels, who know the primary's. */
export type RedisAddress =
  | { path: string }
  | { host: string; port: number; tls: ConnectionOptions }
  | { sentinels: ReadonlyArray<{ host: string; port: number }>; name: string; tls: ConnectionOptions }

export function openCache(options: { address: RedisAddress; password: () => string; log: Logger }): Cache {
  const writer = open({ maxRetriesPerRequest: 0, enableOfflineQueue: false })
  const listener = open({ maxRetriesPerRequest: null, enableOfflineQueue: true })
  let told = false
  for (const client of [writer, listener])
    client.on('error', (error: Error) => {
      if (!told) options.log.warn({ reason: error.message }, 'redis is away; live updates pause, money does not')
      told = true
    })
  writer.on('ready', () => {
    told = false
  })
  return {
    async publish(channel, message) {
      await writer.publish(channel, message).catch(() => {})
    },
    subscribe(pattern, hear) {
      listener.on('pmessage', (heardPattern: string, channel: string, message: string) => {
        if (heardPattern === pattern) hear(channel, message)
      })
      listener.psubscribe(pattern).catch(() => {})
    },
    // The names of a kind are a set of their own, by when each was last put into: nobody has to look through all keys for them.
    async append({ kind, name }, item, itemsMax, secondsMax) {
      const key = `${kind}:${name}`
      const now = Date.now()
      await writer
        .multi()
        .rpush(key, item)
        .ltrim(key, -itemsMax, -1)
        .expire(key, secondsMax)
        .zadd(kind, now, name)
        .zremrangebyscore(kind, '-inf', String(now - secondsMax * 1000))
        .expire(kind, secondsMax)
        .exec()
        .catch(() => {})
    },
    async lists(kind) {
      try {
        const names = (await writer.zrange(kind, '0', '-1')).sort()
        return await Promise.all(
          names.map(async (name) => ({ name, items: await writer.lrange(`${kind}:${name}`, 0, -1) })),
        )
      } catch {
        return undefined
      }
    },
    healthy: () => writer.status === 'ready',
    async close() {
      writer.disconnect()
      listener.disconnect()
    },
  }

  function open(manner: RedisOptions): Redis {
    const client = new Redis({
      ...addressed(),
      ...manner,
      password: options.password(),
      retryStrategy(attempt) {
        client.options.password = options.password() // another than before, where a certificate was taken back
        return Math.min(2000, attempt * 100)
      },
    })
    return client
  }

  function addressed(): RedisOptions {
    const { address } = options
    if (!('sentinels' in address)) return address
    const { sentinels, name, tls } = address
    return {
      sentinels: [...sentinels],
      name,
      tls,
      sentinelTLS: tls,
      enableTLSForSentinelMode: true,
      sentinelPassword: options.password(),
      sentinelRetryStrategy: (attempt) => Math.min(2000, attempt * 100),
    }
  }
}
