import { writeFile } from 'node:fs/promises'
import type { Figure, RunOptions } from '../benchmark.ts'
import { allFeatures, type Contestant } from './contestants.ts'
import { loadCore, runPinned } from './pinned.ts'
import { failure, figure, reasonOf } from './requests.ts'
import { exchanges, type Track } from './track.ts'

type Latencies = { p50: number; p99: number; p999: number }

const program = `${import.meta.dirname}/programs/pacer.ts`

/**
 * What the way through a proxy adds to an answer's time at half of what ours can do, at one rate for all: by turns with the way
 * straight to the origin. The best round of each counts: what else the machine does at the time only ever adds, more than a proxy does.
 */
export async function measureLatency(
  track: Track,
  contestants: readonly Contestant[],
  perSecond: number,
  { seconds, rounds, say }: RunOptions,
): Promise<Figure[]> {
  const ways = [{ name: 'direct', port: track.directPort }, ...contestants]
  const taken = new Map<string, Latencies[]>(ways.map(({ name }) => [name, []]))
  const { path, answer } = exchanges.small
  const answerFile = track.file('pacer.answer')
  await writeFile(answerFile, answer)
  const failed = new Map<string, string>()
  for (let round = 0; round < rounds; round++)
    for (const { name, port } of ways) {
      const words = [port, perSecond, seconds, path, answerFile, track.ca].map(String)
      await runPinned(loadCore, [process.execPath, program, ...words]).then(
        (printed) => void taken.get(name)!.push(JSON.parse(printed)),
        (error: Error) => void failed.set(name, reasonOf(error)),
      )
    }
  say(`half load is ${perSecond}/s`)
  const direct = taken.get('direct')!
  return contestants.flatMap(({ name }) =>
    (['p50', 'p99', 'p999'] as const).map((share): Figure => {
      const title = `added ${share} at half load: ${name}`
      const reason = failed.get(name) ?? failed.get('direct')
      const found = reason === undefined ? added(title, taken.get(name)!, direct, share) : failure(title, reason)
      return name === allFeatures && share === 'p99' ? { ...found, bar: '<=2', aim: 0.7 } : found
    }),
  )
}

function added(
  title: string,
  taken: readonly Latencies[],
  direct: readonly Latencies[],
  share: keyof Latencies,
): Figure {
  const best = (all: readonly Latencies[]) => Math.min(...all.map((one) => one[share]))
  const each = taken.map((one, round) => one[share] - direct[round]![share])
  return { ...figure(title, 'ms', each), value: best(taken) - best(direct) }
}
