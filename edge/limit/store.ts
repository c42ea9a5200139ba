import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { Redis, type RedisOptions } from 'ioredis'

/** Where Redis is: a socket of this machine; an address over mutual TLS; or sentinels, who know the primary's. */
export type StoreAddress =
  | { path: string }
  | { host: string; port: number; tls: () => ConnectionOptions }
  | { sentinels: ReadonlyArray<{ host: string; port: number }>; tls: () => ConnectionOptions }

/** What hosts ask of Redis together. Both answer undefined when there is no answer in time: then each host goes by itself. */
export type Store = {
  charge(charges: readonly Charge[]): Promise<Charged[] | undefined>
  /** How many hosts there are, this one among them. */
  meet(host: string): Promise<number | undefined>
  /** False as long as nobody should ask. */
  readonly open: boolean
  onChange(hear: (open: boolean, reason: string) => void): void
  close(): void
}

/** Cells of one limit and asker; times in microseconds. */
type Charge = { key: string; step: number; tolerance: number; used: number; wanted: number }
type Charged = { granted: number; backlogUs: number }

const prefix = 'edge:'
const usualAnswerMsMax = 20
const hostMsMax = 5000
const probeMs = { min: 100, max: 2000 }

/**
 * One connection with a breaker: the first answer that does not come in time opens it, and from then on a single probe at a time, at intervals
 * that grow and differ by chance, finds out when Redis is back.
 */
export function openStore(options: {
  address: StoreAddress
  user: string
  password: () => string
  answerMsMax?: number
}): Store {
  const hearers: Array<(open: boolean, reason: string) => void> = []
  const { address, user, password, answerMsMax = usualAnswerMsMax } = options
  const scripts = { lease: script('lease.lua'), hosts: script('hosts.lua') }
  const redis = new Redis({
    ...addressed(address, user, password),
    username: user,
    password: password(),
    connectTimeout: 2000,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    reconnectOnError: ({ message }) => message.startsWith('READONLY'), // it was the primary, and is not any more
    retryStrategy(attempt) {
      redis.options.password = password() // another than before, where a certificate was taken back
      Object.assign(redis.options, addressed(address, user, password))
      return jittered(Math.min(probeMs.max, probeMs.min * attempt))
    },
  })
  let open = false
  let closed = false
  let timer: NodeJS.Timeout | undefined
  redis.on('error', (error: Error) => fail(error))
  redis.on('ready', () => void probe(probeMs.min))
  redis.on('close', () => fail(new Error('the connection ended')))
  return {
    get open() {
      return open
    },
    onChange: (hear) => {
      hearers.push(hear)
    },
    async charge(charges) {
      if (!open) return undefined
      const words = charges.flatMap(({ step, tolerance, used, wanted }) => [step, tolerance, used, wanted])
      const answer = await run(
        scripts.lease,
        charges.map(({ key }) => prefix + key),
        words,
      )
      if (!Array.isArray(answer)) return undefined
      return charges.map((_, i) => ({ granted: Number(answer[i * 2]), backlogUs: Number(answer[i * 2 + 1]) }))
    },
    async meet(host) {
      if (!open) return undefined
      const answer = await run(scripts.hosts, [`${prefix}hosts`], [host, hostMsMax])
      return typeof answer === 'number' ? answer : undefined
    },
    close() {
      closed = true
      clearTimeout(timer)
      redis.disconnect()
    },
  }

  async function run(text: string, keys: string[], words: Array<string | number>): Promise<unknown> {
    try {
      return await inTime(redis.eval(text, keys.length, ...keys, ...words), answerMsMax)
    } catch (error) {
      fail(error as Error)
      return undefined
    }
  }

  function fail(error: Error): void {
    set(false, error.message)
    if (timer === undefined && redis.status === 'ready') probeIn(probeMs.min)
  }

  function set(now: boolean, reason: string): void {
    const was = open
    open = now
    if (was !== now) for (const hear of hearers) hear(now, reason)
  }

  function probeIn(ms: number): void {
    if (closed) return
    clearTimeout(timer)
    timer = setTimeout(() => void probe(Math.min(probeMs.max, ms * 2)), jittered(ms))
    timer.unref()
  }

  async function probe(nextMs: number): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (closed || open || redis.status !== 'ready') return
    try {
      await inTime(redis.ping(), answerMsMax)
      set(true, '')
    } catch {
      probeIn(nextMs)
    }
  }
}

/** By the name that the cluster's sentinels know Redis by. */
function addressed(address: StoreAddress, user: string, password: () => string): RedisOptions {
  if ('path' in address) return { path: address.path }
  const tls = address.tls()
  if (!('sentinels' in address)) return { host: address.host, port: address.port, tls }
  return {
    sentinels: [...address.sentinels],
    name: 'countroom',
    tls,
    enableTLSForSentinelMode: true,
    sentinelTLS: tls,
    sentinelUsername: user,
    sentinelPassword: password(),
    sentinelRetryStrategy: (attempt) => jittered(Math.min(probeMs.max, probeMs.min * attempt)),
    updateSentinels: false, // they are in the configuration
  }
}

/** What has arrived while this process was busy counts: it is read between a timer and what is set immediately. */
function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`no answer within ${ms} ms`))
    const timer = setTimeout(() => setImmediate(late), ms)
    answer.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}

/** From half of it to all of it, so that not all hosts come at once. */
function jittered(ms: number): number {
  return ms / 2 + (Math.random() * ms) / 2
}

function script(name: string): string {
  return readFileSync(join(import.meta.dirname, name), 'utf8')
}
