import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Figure, RunOptions } from '../benchmark.ts'
import { allFeatures, type Entry } from './contestants.ts'
import { loadCore, startPinned } from './pinned.ts'
import { failure, reasonOf } from './requests.ts'
import { exchanges, type Track } from './track.ts'

const program = `${import.meta.dirname}/programs/idler.ts`
const connections = 10_000
const openSecondsMax = 120
const settleMs = 3000

/** What a connection that says nothing holds in memory, with ten thousand of them, at proxies that were just started. */
export async function measureIdle(track: Track, entries: readonly Entry[], { say }: RunOptions): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const entry of entries) {
    const title = `an idle TLS connection of 10,000: ${entry.name}`
    const found = await measureOne(track, entry).then(
      (each): Figure => {
        say(`${entry.name}: ${each.toFixed(1)} KiB for an idle connection`)
        return { name: title, value: each, unit: 'KiB' }
      },
      (error: Error) => failure(title, reasonOf(error)),
    )
    figures.push(entry.name === allFeatures ? { ...found, bar: '<=50', aim: 35 } : found)
  }
  return figures
}

async function measureOne(track: Track, entry: Entry): Promise<number> {
  const contestant = await entry.start(track)
  const output = track.file(`idler-${contestant.port}.log`)
  try {
    await sleep(settleMs)
    const before = contestant.memoryBytes()
    const words = [contestant.port, connections, exchanges.small.path, track.ca].map(String)
    const idler = startPinned(loadCore, [process.execPath, program, ...words], output)
    try {
      await until(() => readFileSync(output, 'utf8') === 'open\n')
      await sleep(settleMs)
      const each = (contestant.memoryBytes() - before) / connections / 1024
      if (readFileSync(output, 'utf8') !== 'open\n') throw new Error('a connection that was to be idle was closed')
      return each
    } finally {
      await idler.stop()
    }
  } finally {
    await contestant.stop()
  }
}

async function until(reached: () => boolean): Promise<void> {
  const endMs = performance.now() + openSecondsMax * 1000
  while (!reached()) {
    if (performance.now() > endMs) throw new Error(`${connections} connections were not open in ${openSecondsMax} s`)
    await sleep(100)
  }
}
