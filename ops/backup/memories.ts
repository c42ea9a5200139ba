import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type * as ledger from '#ledger'
import { Trouble } from '../appliance/trouble.ts'

/** As a core keeps it on its disk (`core/host/continuity.ts`). */
const kept = z.object({
  at: z.iso.datetime(),
  ended: z.boolean().default(false),
  heads: z.array(z.object({ lane: z.int(), batch: z.coerce.bigint(), digest: z.string() })),
})

/** What cores had seen in the books: which of them, until when, whether they ended in order; and the newest batch of each lane over all of them. */
export type Memories = { cores: Array<{ core: string; at: string; ended: boolean }>; heads: ledger.Head[] }

export const noMemories: Memories = { cores: [], heads: [] }

/** What was copied earlier than this before the last commit is no memory of the end. Clocks, and a core's next look, take a part of it. */
const olderMsMax = 5000
/** When the cores have ended in order, the worker beside them may commit for so long. */
const olderMsMaxInOrder = 120_000

/** Of a folder with one folder for each core (`continuity/` of a home). @throws Trouble when a memory cannot be read */
export function memoriesIn(folder: string): Memories {
  if (!existsSync(folder)) return noMemories
  const all = readdirSync(folder).flatMap((core) => {
    const file = join(folder, core, 'heads.json')
    return existsSync(file) ? [{ core, ...read(file) }] : []
  })
  const newest = new Map<number, ledger.Head>()
  for (const head of all.flatMap(({ heads }) => heads))
    if (head.batch > (newest.get(head.lane)?.batch ?? -1n)) newest.set(head.lane, head)
  return { cores: all.map(({ core, at, ended }) => ({ core, at, ended })), heads: [...newest.values()] }
}

/**
 * Whether cores remember what was booked until the end, and so can vouch for books whose last commit this is: each core sees every lane, so
 * the newest memory counts. An older one holds a part, and would find nothing missing.
 */
export function reach({ cores, heads }: Memories, lastCommit: Date | null): boolean {
  if (heads.length === 0 || lastCommit === null) return false
  const newest = Math.max(...cores.map(({ at }) => Date.parse(at)))
  const older = cores.every(({ ended }) => ended) ? olderMsMaxInOrder : olderMsMax
  return newest >= lastCommit.getTime() - older
}

function read(file: string): z.infer<typeof kept> {
  try {
    return kept.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new Trouble(`${file} is no memory of a core.`, {
      setting: '--memories, --keys-of',
      remedy: 'copy continuity/ of the homes anew, whole',
      cause,
    })
  }
}
