import { type Figure, median, type RunOptions } from '../benchmark.ts'
import { allFeatures, type Contestant, noFeatures } from './contestants.ts'
import { type Exchange, exchanges, type Track } from './track.ts'
import { ask } from './wrk.ts'

/** Until a compiler at run time has seen enough. */
const warmUpSeconds = 4

type Measured = { microseconds: number; perSecond: number; busy: number }

/** Bars of the issue for one small request, as ratios between contestants. */
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
  const askOf = ({ name, port }: Contestant, forSeconds: number) =>
    ask(track, port, exchange, forSeconds).catch((cause) => {
      throw new Error(`${name} does not answer as it should`, { cause })
    })
  for (const contestant of contestants) await askOf(contestant, warmUpSeconds)
  for (let round = 0; round < rounds; round++)
    for (const contestant of contestants) {
      const before = contestant.cpuSeconds()
      const { requests, seconds: took } = await askOf(contestant, seconds)
      const spent = contestant.cpuSeconds() - before
      taken.get(contestant.name)!.push({
        microseconds: (spent / requests) * 1e6,
        perSecond: requests / took,
        busy: spent / took,
      })
    }
  for (const [name, measured] of taken)
    say(
      `${exchange.name}, ${name}: ${median(measured.map((one) => one.microseconds)).toFixed(1)} µs, ` +
        `${Math.round(median(measured.map((one) => one.perSecond)))}/s, core busy ${Math.round(median(measured.map((one) => one.busy)) * 100)} %`,
    )
  const absolute = [...taken].map(([name, measured]) =>
    figure(
      `${exchange.name}: ${name}`,
      'µs CPU',
      measured.map((one) => one.microseconds),
    ),
  )
  return [...absolute, ...comparisons(exchange, taken)]
}

/** Ratios of each round, so that both sides of one stood next to each other in time. */
function comparisons(exchange: Exchange, taken: ReadonlyMap<string, Measured[]>): Figure[] {
  const ours = taken.get(allFeatures)
  if (!ours) return []
  const barred = exchange === exchanges.small
  const ratios = (name: string, ratio: (ours: number, theirs: number) => number) =>
    taken.get(name)?.map((theirs, round) => ratio(ours[round]!.microseconds, theirs.microseconds))
  const compared = against.flatMap((rival): Figure[] => {
    const dearer = rival.name === 'HAProxy' || rival.name === 'nginx'
    const values = ratios(rival.name, (own, theirs) => (dearer ? own / theirs : theirs / own))
    if (!values) return []
    const name = `${exchange.name}: ${dearer ? `of ${rival.name}'s cost` : `cheaper than ${rival.name}`}`
    return [
      { ...figure(name, 'times', values), ...(barred && 'bar' in rival ? { bar: rival.bar, aim: rival.aim } : {}) },
    ]
  })
  const features = ratios(noFeatures, (own, off) => (own / off - 1) * 100)
  if (!features) return compared
  const cost = figure(`${exchange.name}: all features over none`, '%', features)
  return [...compared, barred ? { ...cost, bar: '<=15', aim: 10 } : cost]
}

export function figure(name: string, unit: string, values: readonly number[]): Figure {
  return { name, unit, value: median(values), spread: [Math.min(...values), Math.max(...values)] }
}
