import { readFileSync } from 'node:fs'
import type { Figure, RunOptions } from '../benchmark.ts'
import { allFeatures, type Entry } from './contestants.ts'
import { loadCore, startPinned } from './pinned.ts'
import { exchanges, type Track } from './track.ts'

const program = `${import.meta.dirname}/programs/idler.ts`
const connections = 10_000
const openSecondsMax = 120
const settleMs = 3000

/** What a connection that says nothing holds in memory, with ten thousand of them, at proxies that were just started. */
export async function measureIdle(track: Track, entries: readonly Entry[], { say }: RunOptions): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const entry of entries) {
    const contestant = await entry.start(track)
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const before = contestant.memoryBytes()
    const output = track.file(`idler-${contestant.port}.log`)
    const words = [contestant.port, connections, exchanges.small.path, track.ca].map(String)
    const idler = startPinned(loadCore, [process.execPath, program, ...words], output)
    await until(() => readFileSync(output, 'utf8') === 'open\n')
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const each = (contestant.memoryBytes() - before) / connections / 1024
    if (readFileSync(output, 'utf8') !== 'open\n') throw new Error('a connection that was to be idle was closed')
    say(`${entry.name}: ${each.toFixed(1)} KiB for an idle connection`)
    const found = { name: `an idle TLS connection of 10,000: ${entry.name}`, value: each, unit: 'KiB' }
    figures.push(entry.name === allFeatures ? { ...found, bar: '<=50', aim: 35 } : found)
    await idler.stop()
    await contestant.stop()
  }
  return figures
}

async function until(reached: () => boolean): Promise<void> {
  const endMs = performance.now() + openSecondsMax * 1000
  while (!reached()) {
    if (performance.now() > endMs) throw new Error(`${connections} connections were not open in ${openSecondsMax} s`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
