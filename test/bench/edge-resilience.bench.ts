import { type Fleet, openFleet } from '../support/edge-fleet.ts'
import { until } from '../support/edge-load.ts'
import {
  abortRequests,
  changeEverything,
  footprintOf,
  type Harm,
  hangCore,
  heapOf,
  killCore,
  killWorker,
  replaceWorkers,
} from '../support/edge-trials.ts'
import type { Benchmark, Figure } from './benchmark.ts'
import { processor } from './machine.ts'

const p99MsMax = 300
const socketsOpen = 100
const abortsLarge = 100_000
const abortsSmall = 5_000
const descriptorsMore = 20

/** What an edge of two workers before three cores goes through, and how long it takes; `--large` aborts 100,000 requests. */
const benchmark: Benchmark = {
  name: 'edge-resilience',
  summary: 'a core killed, a core that hangs, everything changed, a worker killed, all replaced, requests given up',
  seconds: 1,
  async run({ large, say }) {
    const fleet = await openFleet({ cores: 3, workers: 2 })
    try {
      const figures: Figure[] = []
      for (const [name, trial] of trials) {
        figures.push(...(await trial(fleet, large)))
        await whole(fleet)
        say(name)
      }
      return { conditions: processor(), figures }
    } finally {
      await fleet.stop()
    }
  },
}
export default benchmark

type Trial = (fleet: Fleet, large: boolean) => Promise<Figure[]>

const trials: ReadonlyArray<readonly [string, Trial]> = [
  ['a core was killed', coreKilled],
  ['a core hung', coreHung],
  ['everything was changed', everythingChanged],
  ['a worker was killed', workerKilled],
  ['workers were replaced', workersReplaced],
  ['requests were given up', requestsAborted],
]

async function coreKilled(fleet: Fleet): Promise<Figure[]> {
  const victim = fleet.cores[0]!
  const found = await killCore(fleet, victim)
  fleet.cores[0] = await fleet.begin(victim.name, victim.port)
  return [
    ...harm('core killed', found),
    { name: 'core killed: the request held up most', value: found.slowestMs, unit: 'ms' },
  ]
}

async function coreHung(fleet: Fleet): Promise<Figure[]> {
  const found = await hangCore(fleet, fleet.cores[1]!, p99MsMax)
  return [
    ...harm('core hung', found),
    { name: 'core hung: p99 back under 300 ms', value: found.backMs, unit: 'ms', bar: '<=2000', aim: 300 },
    { name: 'core hung: the request held up most', value: found.slowestMs, unit: 'ms' },
  ]
}

async function everythingChanged(fleet: Fleet): Promise<Figure[]> {
  const found = await changeEverything(fleet, socketsOpen)
  return [
    ...harm('changes', found),
    { name: `changes: of ${socketsOpen} WebSockets dropped`, value: found.dropped, unit: '', bar: '<=0' },
    { name: 'changes: until the new certificate is shown', value: found.shownMs, unit: 'ms' },
    { name: 'changes: until a new core answers', value: found.joinedMs, unit: 'ms' },
  ]
}

async function workerKilled(fleet: Fleet): Promise<Figure[]> {
  const found = await killWorker(fleet)
  return [
    { name: 'worker killed: its connections reset', value: found.resetMs, unit: 'ms', bar: '<=100' },
    { name: 'worker killed: replaced, and listening', value: found.replacedMs, unit: 'ms', bar: '<=1000' },
    { name: 'worker killed: connections others lost', value: found.lostByOthers, unit: '', bar: '<=0' },
    { name: 'worker killed: a key asked again was applied', value: found.applied, unit: 'times', bar: '<=1' },
  ]
}

async function workersReplaced(fleet: Fleet): Promise<Figure[]> {
  const found = await replaceWorkers(fleet)
  return [
    ...harm('drain', found),
    { name: 'drain: requests without key that failed', value: found.unkeyedFailures.length, unit: '', bar: '<=0' },
    { name: 'drain: of those, not done exactly once', value: found.unkeyedWrong.length, unit: '', bar: '<=0' },
    { name: 'drain: until both workers are new', value: found.tookMs, unit: 'ms' },
  ]
}

async function requestsAborted(fleet: Fleet, large: boolean): Promise<Figure[]> {
  const count = large ? abortsLarge : abortsSmall
  await abortRequests(fleet, 1000)
  await quiet(fleet)
  const before = await footprintOf(fleet)
  const heapBefore = await heapOf(fleet)
  await abortRequests(fleet, count)
  const tookMs = await quiet(fleet)
  const heap = (await heapOf(fleet)) - heapBefore
  // Connections to the cores are kept for half a minute after they were last wanted.
  await until(
    'idle connections are closed',
    async () => (await footprintOf(fleet)).descriptors <= before.descriptors + descriptorsMore,
    60,
  ).catch(() => {})
  const after = await footprintOf(fleet)
  const of = `${count.toLocaleString('en')} given up`
  return [
    { name: `${of}: requests still under way`, value: after.underWay, unit: '', bar: '<=0' },
    {
      name: `${of}: descriptors more than before`,
      value: after.descriptors - before.descriptors,
      unit: '',
      bar: `<=${descriptorsMore}`,
    },
    { name: `${of}: objects more than before, collected`, value: heap, unit: 'MiB', bar: '<=10' },
    { name: `${of}: memory more than before`, value: after.megabytes - before.megabytes, unit: 'MiB', bar: '<=100' },
    { name: `${of}: until the last is over`, value: tookMs, unit: 'ms' },
  ]
}

function harm(what: string, { asked, failures, lost, doubled }: Harm): Figure[] {
  return [
    { name: `${what}: requests`, value: asked, unit: '' },
    { name: `${what}: keyed or safe that failed`, value: failures.length, unit: '', bar: '<=0' },
    { name: `${what}: done and lost, or done twice`, value: lost.length + doubled.length, unit: '', bar: '<=0' },
  ]
}

function quiet(fleet: Fleet): Promise<number> {
  return until('nothing is under way', async () => (await footprintOf(fleet)).underWay === 0)
}

function whole(fleet: Fleet): Promise<number> {
  return until('every worker holds every core for sound', async () => {
    const { cores } = (await fleet.admin('GET', '/cores')).body as {
      cores: Array<{ standings: Record<string, number> }>
    }
    return cores.length === fleet.cores.length && cores.every(({ standings }) => standings.sound === 2)
  })
}
