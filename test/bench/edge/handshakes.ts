import { type Figure, median, type RunOptions } from '../benchmark.ts'
import type { Contestant } from './contestants.ts'
import { loadCore, runPinned } from './pinned.ts'
import { figure } from './requests.ts'
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
    for (let round = 0; round < rounds; round++)
      for (const contestant of contestants) {
        const before = contestant.cpuSeconds()
        const words = [contestant.port, seconds, kind, track.ca].map(String)
        const { shaken } = JSON.parse(await runPinned(loadCore, [process.execPath, program, ...words]))
        taken.get(contestant.name)!.push(shaken / (contestant.cpuSeconds() - before))
      }
    for (const [name, values] of taken) {
      say(`${kind} handshakes, ${name}: ${Math.round(median(values))} per second of a core`)
      figures.push(figure(`${kind} handshakes: ${name}`, '/s', values))
    }
  }
  return figures
}
