import { type Figure, median, type RunOptions } from '../benchmark.ts'
import type { Contestant } from './contestants.ts'
import { loadCore, runPinned } from './pinned.ts'
import { failure, figure, reasonOf } from './requests.ts'
import type { Track } from './track.ts'

const program = `${import.meta.dirname}/programs/handshaker.ts`

/** Handshakes that a core of each proxy has time for in a second, out of what one costs; P-256, full and resumed. */
export async function measureHandshakes(
  track: Track,
  contestants: readonly Contestant[],
  { seconds, rounds, say }: RunOptions,
): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const kind of ['full', 'resumed']) {
    const taken = new Map<string, number[]>(contestants.map(({ name }) => [name, []]))
    const failed = new Map<string, string>()
    for (let round = 0; round < rounds; round++)
      for (const { name, port, cpuSeconds } of contestants) {
        const before = cpuSeconds()
        const words = [port, seconds, kind, track.ca].map(String)
        await runPinned(loadCore, [process.execPath, program, ...words]).then(
          (printed) => void taken.get(name)!.push(JSON.parse(printed).shaken / (cpuSeconds() - before)),
          (error: Error) => void failed.set(name, reasonOf(error)),
        )
      }
    for (const [name, values] of taken) {
      const reason = failed.get(name)
      if (reason !== undefined) {
        figures.push(failure(`${kind} handshakes: ${name}`, reason))
        continue
      }
      say(`${kind} handshakes, ${name}: ${Math.round(median(values))} per second of a core`)
      figures.push(figure(`${kind} handshakes: ${name}`, '/s', values))
    }
  }
  return figures
}
