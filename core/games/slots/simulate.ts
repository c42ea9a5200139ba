import { scattersOf } from './counts.ts'
import { openEngine } from './engine.ts'
import { partsOf, type SlotSheet } from './sheet.ts'

/** Of so many paid spins, each with the free spins it brought: what they paid, in parts of the stake, and the sum of its squares. */
export type Simulated = { spins: number; times: number; squares: number }

/**
 * Plays stops that were drawn before, side by side, a spin after the other until they are used up; a last round that they cut off is not
 * counted. For cross-checks: of the features only free spins are played.
 */
export function openSimulation(sheet: SlotSheet): (stops: ArrayLike<number>) => Simulated {
  const engine = openEngine(sheet)
  const reels = engine.sizes.length
  const parts = partsOf(sheet)
  const scatterTimes = Int32Array.from({ length: 16 }, (_, scatters) => (sheet.scatterPays?.[scatters] ?? 0) * parts)
  const { from, count, multiplier, totalMax = Infinity } = sheet.freeSpins ?? { from: 99, count: 0, multiplier: 0 }
  return (stops) => {
    let [spins, times, squares] = [0, 0, 0]
    for (let at = 0; at + reels <= stops.length; ) {
      let won = 0
      let awarded = 0
      let left = 1
      let factor = 1
      while (left > 0 && at + reels <= stops.length) {
        won += engine.times(stops, at) * factor
        const scatters = scattersOf(engine.key())
        won += scatterTimes[scatters]! * factor
        at += reels
        left--
        factor = multiplier
        if (scatters < from || awarded + count > totalMax) continue
        awarded += count
        left += count
      }
      if (left > 0) break
      spins++
      times += won
      squares += won * won
    }
    return { spins, times, squares }
  }
}
