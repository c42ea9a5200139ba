import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fleet, openFleet } from '../support/edge-fleet.ts'
import { until } from '../support/edge-load.ts'
import {
  abortRequests,
  changeEverything,
  footprintOf,
  hangCore,
  heapOf,
  killCore,
  killWorker,
  replaceWorkers,
} from '../support/edge-trials.ts'
import { inARow } from '../support/turns.ts'

/**
 * An edge of two workers before three cores, each a process of its own. The ceilings of time are five times what the edge is meant to reach,
 * since machines of tests are busy; `npm run bench -- edge-resilience` prints the times.
 */
const aborted = Number(process.env.COUNTROOM_ABORTED_REQUESTS ?? 600)
let fleet: Fleet
beforeAll(async () => {
  fleet = await openFleet({ cores: 3, workers: 2 })
}, 120_000)
afterAll(() => fleet?.stop())

const unharmed = { failures: [], lost: [], doubled: [] }
const whole = () =>
  until('every worker holds every core for sound', async () => {
    const { cores } = (await fleet.admin('GET', '/cores')).body as {
      cores: Array<{ standings: Record<string, number> }>
    }
    return cores.length === fleet.cores.length && cores.every(({ standings }) => standings.sound === 2)
  })

test('a core killed under load: nothing that may be asked again fails, nothing is done twice [S57]', {
  timeout: 120_000,
  ...inARow,
}, async () => {
  const [victim] = fleet.cores
  expect(await killCore(fleet, victim!)).toMatchObject(unharmed)
  fleet.cores[0] = await fleet.begin(victim!.name, victim!.port)
  await whole()
})

test('a core that hangs and closes nothing is left behind', { timeout: 120_000, ...inARow }, async () => {
  const hung = await hangCore(fleet, fleet.cores[1]!, 300, 12_000)
  expect(hung).toMatchObject(unharmed)
  expect(hung.backMs).toBeLessThan(10_000)
  await whole()
})

test('a certificate, limits and the list of cores change under load: no request fails, no WebSocket drops', {
  timeout: 120_000,
  ...inARow,
}, async () => {
  expect(await changeEverything(fleet, 20)).toMatchObject({ ...unharmed, dropped: 0 })
  await whole()
})

test('a worker killed takes its own connections and no other, and is replaced', {
  timeout: 120_000,
  ...inARow,
}, async () => {
  const killed = await killWorker(fleet)
  expect(killed.reset).toBeGreaterThan(0)
  expect(killed.survivors).toBeGreaterThan(0)
  expect(killed).toMatchObject({ lostByOthers: 0, applied: 1, repeat: 200 })
  expect(killed.resetMs).toBeLessThan(500)
  expect(killed.replacedMs).toBeLessThan(5_000)
  await whole()
})

test('every worker replaced under load: no request fails, with a key or without, and nothing is done twice', {
  timeout: 120_000,
  ...inARow,
}, async () => {
  const replaced = await replaceWorkers(fleet)
  expect(replaced).toMatchObject({ ...unharmed, replaced: 2, unkeyedFailures: [], unkeyedWrong: [] })
  await whole()
})

test(`${aborted} requests that their clients gave up leave nothing behind`, {
  timeout: 1_200_000,
  ...inARow,
}, async () => {
  await abortRequests(fleet, 200) // whatever grows once
  const nothingUnderWay = () => until('nothing is under way', async () => (await footprintOf(fleet)).underWay === 0)
  await nothingUnderWay()
  const before = await footprintOf(fleet)
  const heapBefore = await heapOf(fleet)
  await abortRequests(fleet, aborted)
  await nothingUnderWay()
  // Connections to cores are kept for half a minute, and no longer.
  await until('descriptors are back', async () => (await footprintOf(fleet)).descriptors <= before.descriptors + 20, 60)
  expect(await heapOf(fleet)).toBeLessThan(heapBefore + 10)
  expect((await footprintOf(fleet)).megabytes).toBeLessThan(before.megabytes + 150)
})
