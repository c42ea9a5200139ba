import { setTimeout as sleep } from 'node:timers/promises'
import type { Figure, RunOptions } from '../benchmark.ts'
import { median } from '../benchmark.ts'
import { allFeatures, type Contestant, noFeatures } from './contestants.ts'
import { failure, reasonOf } from './requests.ts'
import { medianBetween } from './spread.ts'
import { type Exchange, exchanges, type Track } from './track.ts'
import { keepAsking } from './wrk.ts'

const sliceMs = 250
/** Until what is under way is answered, once nobody asks any more. */
const quietMs = 20
const warmUpMs = 4000
const pairsEachRound = 12

const title = 'GET, 200 B: all features over none'

/**
 * What all that can be left out costs, in processor time of a request: two edges, with and without, are asked by turns of a quarter of a second,
 * and each turn is compared with its neighbour, so that a machine that grows faster or slower meanwhile does so for both.
 */
export async function measureFeatures(
  track: Track,
  contestants: readonly Contestant[],
  { rounds, say }: RunOptions,
): Promise<Figure[]> {
  const bar = { bar: '<=15' as const, aim: 10 }
  const [on, off] = [allFeatures, noFeatures].map((name) => contestants.find((each) => each.name === name))
  if (!on || !off) return [{ ...failure(title, 'one of them does not run'), ...bar }]
  try {
    const each = await pairs(track, on, off, rounds * pairsEachRound)
    const over = each.map(([with_, without]) => (with_ / without - 1) * 100)
    const of = (index: 0 | 1) => median(each.map((pair) => pair[index])).toFixed(1)
    say(`features: ${of(0)} µs with, ${of(1)} µs without, ${each.length} pairs`)
    return [{ name: title, unit: '%', value: median(over), spread: medianBetween(over), ...bar }]
  } catch (error) {
    return [{ ...failure(title, reasonOf(error as Error)), ...bar }]
  }
}

/** Microseconds of a request, with and without; who comes first changes from pair to pair. */
async function pairs(track: Track, on: Contestant, off: Contestant, count: number): Promise<Array<[number, number]>> {
  const exchange: Exchange = exchanges.small
  const [asksOn, asksOff] = [keepAsking(track, on.port, exchange), keepAsking(track, off.port, exchange)]
  const slice = async (contestant: Contestant, asks: typeof asksOn, ms: number) => {
    const [requests, seconds] = [await track.answered(), contestant.cpuSeconds()]
    asks.goOn()
    await sleep(ms)
    asks.pause()
    await sleep(quietMs)
    return ((contestant.cpuSeconds() - seconds) / ((await track.answered()) - requests)) * 1e6
  }
  try {
    await sleep(500) // connections
    for (const asks of [asksOn, asksOff]) asks.pause()
    await slice(on, asksOn, warmUpMs)
    await slice(off, asksOff, warmUpMs)
    const found: Array<[number, number]> = []
    for (let i = 0; i < count; i++) {
      if (i % 2 === 0) {
        const first = await slice(on, asksOn, sliceMs)
        found.push([first, await slice(off, asksOff, sliceMs)])
      } else {
        const first = await slice(off, asksOff, sliceMs)
        found.push([await slice(on, asksOn, sliceMs), first])
      }
    }
    return found
  } finally {
    for (const asks of [asksOn, asksOff]) asks.goOn()
    await Promise.all([asksOn.end(), asksOff.end()])
  }
}
