import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { type Figure, median, percentile, type RunOptions } from '../benchmark.ts'
import { allFeatures, type Contestant } from './contestants.ts'
import { loadCore, runPinned } from './pinned.ts'
import { failure, reasonOf } from './requests.ts'
import { medianBetween, redrawn } from './spread.ts'
import { exchanges, type Track } from './track.ts'

/** Latencies in milliseconds, by way, of one turn of all ways; sorted. */
type Turn = ReadonlyMap<string, readonly number[]>

const program = `${import.meta.dirname}/programs/pacer.ts`
const direct = 'direct'
const sliceMs = 200
const shares = { p50: 0.5, p99: 0.99, p999: 0.999 } as const
type Share = keyof typeof shares

/**
 * What the way through a proxy adds to an answer's time at half of what ours can do, at one rate for all. One generator asks each way for a fifth of
 * a second, straight to the origin among them, so that all stand next to each other in time; the answers of all turns are put together, and
 * the same share of either is compared.
 */
export async function measureLatency(
  track: Track,
  contestants: readonly Contestant[],
  perSecond: number,
  { seconds, rounds, say }: RunOptions,
): Promise<Figure[]> {
  const { path, answer } = exchanges.small
  const [answerFile, told] = [track.file('pacer.answer'), track.file('pacer.told')]
  await writeFile(answerFile, answer)
  const ways = [{ name: direct, port: track.directPort }, ...contestants.map(({ name, port }) => ({ name, port }))]
  const turns = Math.ceil((seconds * rounds * 1000) / sliceMs)
  const load = JSON.stringify({ ways, perSecond, turns, sliceMs, path, answerFile, ca: track.ca, told })
  say(`half load is ${perSecond}/s; ${turns} turns`)
  const found = await runPinned(loadCore, [process.execPath, program, load]).then(
    () => read(told),
    (error: Error) => error,
  )
  return contestants.flatMap(({ name }) =>
    (Object.keys(shares) as Share[]).flatMap((share): Figure[] => {
      const title = `added ${share} at half load: ${name}`
      const barred = name === allFeatures && share === 'p99' ? { bar: '<=2' as const, aim: 0.7 } : {}
      if (found instanceof Error) return [{ ...failure(title, reasonOf(found)), ...barred }]
      const each = found.map((turn) => added([turn], name, share))
      return [
        {
          name: title,
          unit: 'ms',
          value: added(found, name, share),
          spread: redrawn(found, (some) => added(some, name, share)),
          ...barred,
        },
        ...(share === 'p99'
          ? [{ name: `${title}, of a turn`, unit: 'ms', value: median(each), spread: medianBetween(each) }]
          : []),
      ]
    }),
  )
}

function added(turns: readonly Turn[], name: string, share: Share): number {
  const of = (way: string) => {
    const all = Float64Array.from(turns.flatMap((turn) => turn.get(way) ?? [])).sort()
    return percentile(all as unknown as number[], shares[share])
  }
  return of(name) - of(direct)
}

function read(file: string): Turn[] {
  const told = JSON.parse(readFileSync(file, 'utf8')) as Array<Record<string, number[]>>
  return told.map((turn) => new Map(Object.entries(turn)))
}
