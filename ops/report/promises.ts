import { setTimeout as sleep } from 'node:timers/promises'
import { openCache } from '../../core/host/cache.ts'
import { createLog } from '../../core/host/log.ts'
import { growth, type Promised, promisesOf } from '../../core/host/service/curves.ts'
import { readSamples } from '../../core/host/service/samples.ts'
import { type Home, readSecretFile } from '../appliance/home.ts'
import { redisSocket } from '../appliance/sockets.ts'
import { objectives } from '../monitoring/objectives.ts'
import { percent, type SloReport } from './slo.ts'

/** A promise as it stands; what nobody knows is left out. */
export type PromiseNow = {
  slo: string
  promise: string
  target: number
  /** By the samples that cores and workers keep of themselves; `burn` 1 spends what may fail in 30 days in 30 days, null where nothing happened. */
  hour?: Pick<Promised, 'events' | 'bad' | 'burn'>
  /** By the database, as far as the month has come; null where nothing happened. */
  month?: { share: number | null; met?: boolean }
}

/** Of the last hour, by what cores and workers keep in Redis; undefined when it does not tell in time, or nobody has kept anything. */
export async function lastHour(home: Home, waitMsMax: number): Promise<Promised[] | undefined> {
  if (!home.has('secrets/redis')) return undefined
  const address = { path: redisSocket(home) }
  const cache = openCache({ address, password: () => readSecretFile(home, 'redis'), log: createLog('ops', 'silent') })
  const end = performance.now() + waitMsMax
  try {
    while (!cache.healthy() && performance.now() < end) await sleep(10)
    const sampled = await Promise.race([readSamples(cache), sleep(waitMsMax, undefined, { ref: false })])
    return sampled && sampled.length > 0 ? promisesOf(growth(sampled)) : undefined
  } catch {
    return undefined // what is wrong with Redis is the doctor's to say
  } finally {
    await cache.close()
  }
}

/** All promises of `ops/monitoring/objectives.ts`, with what is known of each. */
export function promisesNow(month: SloReport | undefined, hour: readonly Promised[] | undefined): PromiseNow[] {
  return objectives.map(({ slo, promise, target }) => {
    const kept = month?.promises.find((each) => each.slo === slo)
    const seen = hour?.find((each) => each.slo === slo)
    return {
      slo,
      promise,
      target,
      ...(seen && { hour: { events: seen.events, bad: seen.bad, burn: seen.burn } }),
      ...(kept?.good != null && kept.all != null && { month: monthOf(kept.good, kept.all, target) }),
    }
  })
}

function monthOf(good: number, all: number, target: number): NonNullable<PromiseNow['month']> {
  const share = shareOf(good, all)
  return share === null ? { share } : { share, met: share >= target }
}

/** For people: a line for each, and where to read on when one is broken or will be. */
export function wordsOfPromises(month: string, promises: readonly PromiseNow[]): string {
  const lines = promises.map((each) => {
    const { slo, target, hour } = each
    const known = `${month} ${told(each.month)}, last hour ${told(hour && { share: shareOf(hour.events - hour.bad, hour.events) })}`
    return `  ${slo.padEnd(13)}${verdictOf(each).padEnd(9)}${percent(target)} promised; ${known}`
  })
  const heed = promises.some((each) => ['BROKEN', 'AT RISK'].includes(verdictOf(each)))
  return ['Promises', ...lines, ...(heed ? ['→ npx countroom report slo; ops/runbooks/objectives.md'] : [])].join(
    '\n  ',
  )
}

/** At risk: the last hour spends what may fail faster than 30 days can bear. */
function verdictOf({ hour, month }: PromiseNow): 'BROKEN' | 'AT RISK' | 'kept' | 'unknown' | 'nothing' {
  if (month?.met === false) return 'BROKEN'
  if ((hour?.burn ?? 0) > 1) return 'AT RISK'
  if (month?.met || (hour && hour.burn !== null)) return 'kept'
  return hour ? 'nothing' : 'unknown'
}

function told(known: { share: number | null } | undefined): string {
  if (!known) return 'unknown'
  return known.share === null ? 'nothing happened' : percent(known.share)
}

const shareOf = (good: number, all: number): number | null => (all > 0 ? good / all : null)
