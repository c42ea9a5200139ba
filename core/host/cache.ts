import type { ConnectionOptions } from 'node:tls'
import { Redis, type RedisOptions } from 'ioredis'
import type { Logger } from './log.ts'

/**
 * What Redis does for us, as small as it is: tell other processes something, and hear what they tell. Nothing that
 * cannot be rebuilt, and nothing whose loss lets anybody in; when Redis is away, calls return quietly.
 */
export type Cache = {
  publish(channel: string, message: string): Promise<void>
  subscribe(pattern: string, hear: (channel: string, message: string) => void): void
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
