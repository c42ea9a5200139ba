import { hkdfSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { EdgeConfig } from '../config.ts'
import { insideTls } from '../tls/contexts.ts'
import type { Certificates } from '../tls/files.ts'
import { openStore, type Store, type StoreAddress } from './store.ts'

type RedisConfig = NonNullable<EdgeConfig['redis']>

/** Redis as the configuration names it. */
export function openHostsStore(redis: RedisConfig, certificates: Certificates): Store {
  return openStore({ address: addressOf(redis, certificates), user: redis.user, password: () => passwordOf(redis) })
}

function addressOf(redis: RedisConfig, certificates: Certificates): StoreAddress {
  if ('socket' in redis) return { path: redis.socket }
  const tls = () => insideTls(certificates.current(), redis.component, 'redis')
  if ('sentinels' in redis) return { sentinels: redis.sentinels, tls }
  return { host: redis.host, port: redis.port, tls }
}

/**
 * The secret by which all hosts hash alike; undefined where each counts by itself. From that of tickets, which is the same on all hosts and stays; without it
 * from the password of Redis, and hosts that began before and after another was set count apart.
 */
export function secretTogether({ redis, tickets }: Pick<EdgeConfig, 'redis' | 'tickets'>): Buffer | undefined {
  if (!redis) return undefined
  const shared = tickets ? readFileSync(tickets.secretFile) : passwordOf(redis)
  return Buffer.from(hkdfSync('sha256', shared, '', 'countroom edge limits', 32))
}

function passwordOf({ passwordFile }: RedisConfig): string {
  return readFileSync(passwordFile, 'utf8').trim()
}
