import * as games from '#games'
import type { Stream } from '#rng'
import { atkinsSheet } from '../core/games/machines.ts'
import { batchesPerSecond, type Figure } from './benchmark.ts'

const spinsAtOnce = 1 << 17

/** What the mathematics of slots costs, on one core. */
export function slotFigures(seconds: number, stream: Stream): Figure[] {
  const sheet = games.gameOf('midnight-orchard').sheet as unknown as games.SlotSheet
  const play = games.openSimulation(sheet)
  const sizes = sheet.strips!.map((strip) => strip.length)
  const stops = new Uint8Array(spinsAtOnce * sizes.length)
  const draw = () => {
    for (let at = 0; at < stops.length; ) for (const size of sizes) stops[at++] = stream.draw(size)
  }
  draw()
  return [
    {
      name: 'spins of 20 lines, free spins besides, drawn before',
      ...batchesPerSecond(seconds, () => play(stops).spins),
      ...{ bar: '>=8000000', aim: 20_000_000 },
    },
    {
      name: 'the same with their draws, CTR_DRBG, buffered',
      ...batchesPerSecond(seconds, () => {
        draw()
        return play(stops).spins
      }),
    },
    everyStop(),
  ]
}

/** Hits, mean and variance of a published machine over all its windows, exactly; two cores are not needed. */
function everyStop(): Figure {
  const begunMs = performance.now()
  const cycle = games.cycleOf(atkinsSheet())
  const value = (performance.now() - begunMs) / 1000
  const windows = cycle.reduce((sum, { spins }) => sum + spins, 0n)
  if (windows !== 32n ** 5n) throw new Error(`${windows} windows are not all`)
  return { name: 'every stop of 32^5, 20 lines, exact', value, unit: 'seconds', bar: '<=3' }
}
