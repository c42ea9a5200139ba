import { type Figure, median, type RunOptions } from '../benchmark.ts'
import { allFeatures, type Contestant } from './contestants.ts'
import { type Exchange, exchanges, type Track } from './track.ts'
import { ask } from './wrk.ts'

/** Until a compiler at run time has seen enough. */
const warmUpSeconds = 4

type Measured = { microseconds: number; perSecond: number; busy: number }

/** Bars for one small request, as ratios between contestants. */
const against = [
  { name: 'HAProxy', bar: '<=4', aim: 2.5 },
  { name: 'hono/proxy', bar: '>=5', aim: 6 },
  { name: 'http-proxy-3', bar: '>=3', aim: 4 },
  { name: 'httpxy', bar: '>=1.5', aim: 2 },
  { name: '@fastify/http-proxy' },
  { name: 'Caddy' },
  { name: 'nginx' },
  { name: 'bare undici dispatch' },
] as const

/**
 * What one request costs each proxy, in processor time; contestants by turns, so that what the machine does besides falls on
 * all of them.
 */
export async function measureRequests(
  track: Track,
  contestants: readonly Contestant[],
  exchange: Exchange,
  { seconds, rounds, say }: RunOptions,
): Promise<Figure[]> {
  const taken = new Map<string, Measured[]>(contestants.map(({ name }) => [name, []]))
  const failed = new Map<string, string>()
  const byTurns = async (turn: (contestant: Contestant) => Promise<void>) => {
    for (const contestant of contestants)
      if (!failed.has(contestant.name))
        await turn(contestant).catch(async (error: Error) => {
          say(`${exchange.name}, ${contestant.name} failed: ${error.message}`)
          failed.set(contestant.name, reasonOf(error))
          await contestant.stop() // one that hangs may turn in circles, on the core of all the others
        })
  }
  await byTurns(async ({ port }) => void (await ask(track, port, exchange, warmUpSeconds)))
  for (let round = 0; round < rounds; round++)
    await byTurns(async ({ name, port, cpuSeconds }) => {
      const before = cpuSeconds()
      const { requests, seconds: took } = await ask(track, port, exchange, seconds)
      const spent = cpuSeconds() - before
      const measured = { microseconds: (spent / requests) * 1e6, perSecond: requests / took, busy: spent / took }
      taken.get(name)!.push(measured)
    })
  const absolute = [...taken].map(([name, measured]): Figure => {
    const title = `${exchange.name}: ${name}`
    const reason = failed.get(name)
    if (reason !== undefined) return failure(title, reason)
    const middle = (of: (one: Measured) => number) => median(measured.map(of))
    say(
      `${exchange.name}, ${name}: ${middle((one) => one.microseconds).toFixed(1)} µs, ` +
        `${Math.round(middle((one) => one.perSecond))}/s, core busy ${Math.round(middle((one) => one.busy) * 100)} %`,
    )
    return figure(
      title,
      'µs CPU',
      measured.map((one) => one.microseconds),
    )
  })
  return [...absolute, ...comparisons(exchange, taken, failed)]
}

/** Ratios of each round, so that both sides of one stood next to each other in time. */
function comparisons(
  exchange: Exchange,
  taken: ReadonlyMap<string, Measured[]>,
  failed: ReadonlyMap<string, string>,
): Figure[] {
  const barred = exchange === exchanges.small
  const compared = (title: string, rival: string, ratio: (ours: number, theirs: number) => number): Figure => {
    const culprit = [allFeatures, rival].find((name) => failed.has(name) || !taken.has(name))
    if (culprit !== undefined) return failure(title, `${culprit} failed`)
    const [ours, theirs] = [taken.get(allFeatures)!, taken.get(rival)!]
    return figure(
      title,
      'times',
      ours.map((one, round) => ratio(one.microseconds, theirs[round]!.microseconds)),
    )
  }
  return against.map((rival): Figure => {
    const dearer = rival.name === 'HAProxy' || rival.name === 'nginx'
    const title = `${exchange.name}: ${dearer ? `of ${rival.name}'s cost` : `cheaper than ${rival.name}`}`
    const found = compared(title, rival.name, (ours, theirs) => (dearer ? ours / theirs : theirs / ours))
    return barred && 'bar' in rival ? { ...found, bar: rival.bar, aim: rival.aim } : found
  })
}

export function figure(name: string, unit: string, values: readonly number[]): Figure {
  return { name, unit, value: median(values), spread: [Math.min(...values), Math.max(...values)] }
}

/** A row of what could not be measured; the others go on. */
export function failure(name: string, reason: string): Figure {
  return { name, unit: '', value: Number.NaN, failed: reason }
}

export function reasonOf(error: Error): string {
  return error.message.split('\n')[0]!.slice(0, 160)
}
