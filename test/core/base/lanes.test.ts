import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLane, createLanes, type Lane, type LaneOptions } from '#base'

type Item = { player: bigint; serial: number; poison?: boolean }

const codeOf = (error: unknown) => (error as { code?: string }).code ?? ''
const fault = (code: string) => Object.assign(new Error(code), { code })
const usual: Omit<LaneOptions<Item, number>, 'run'> = {
  batchMax: 8,
  queueMax: 100,
  deadlineMs: 10_000,
  isRetryable: (error) => ['40001', '40P01'].includes(codeOf(error)),
  isUnknown: (error) => codeOf(error) === 'CONNECTION_CLOSED',
}
const outcome = (answer: Promise<unknown>) => answer.then(() => 'done', codeOf)

/** A lane whose batches come back when the test says so. */
function openHeld(changes: Partial<typeof usual> = {}) {
  const batches: Array<{ items: readonly Item[]; done(): void; fail(error: unknown): void }> = []
  const lane = createLane<Item, number>({
    ...usual,
    ...changes,
    run: (items) =>
      new Promise((resolve, reject) => {
        batches.push({ items, done: () => resolve(items.map((item) => item.serial)), fail: reject })
      }),
  })
  let serial = 0
  const ask = (player: number) => lane.submit(BigInt(player), { player: BigInt(player), serial: ++serial })
  /** The batch that is in flight; waits until there is one more than were seen. */
  let seen = 0
  const next = async () => {
    while (batches.length <= seen) await pause(1)
    return batches[seen++]!
  }
  return { lane, batches, ask, next }
}

async function drain(lane: Lane<Item, number>, next: ReturnType<typeof openHeld>['next']) {
  while (lane.waiting > 0) (await next()).done()
}

const asked = fc.array(
  fc.record({
    player: fc.nat(4),
    poison: fc.integer({ min: 0, max: 9 }).map((drawn) => drawn === 0),
    pauses: fc.nat(2),
  }),
  { minLength: 1, maxLength: 60 },
)
/** What befalls each run in turn: nothing, "again, please", or a connection lost after or before the work was done. */
const fates = fc.array(fc.constantFrom('well', 'well', 'well', '40001', '40P01', 'lost after', 'lost before'), {
  maxLength: 40,
})

test('whatever is asked and whatever befalls: one item per player in a batch, each player in order, each call its own answer once', async () => {
  await fc.assert(
    fc.asyncProperty(
      asked,
      fates,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 20 }),
      async (steps, befalls, batchMax, queueMax) => {
        const done: Item[] = []
        let running = 0
        let runs = 0
        const lane = createLane<Item, number>({
          ...usual,
          batchMax,
          queueMax,
          async run(items) {
            expect(++running).toBe(1)
            expect(items.length).toBeGreaterThan(0)
            expect(items.length).toBeLessThanOrEqual(batchMax)
            expect(new Set(items.map((item) => item.player)).size).toBe(items.length)
            await new Promise(setImmediate)
            running--
            const fate = befalls[runs++] ?? 'well'
            if (fate === 'lost before') throw fault('CONNECTION_CLOSED')
            if (fate === '40001' || fate === '40P01') throw fault(fate)
            if (items.some((item) => item.poison)) throw fault('22003')
            done.push(...items)
            if (fate === 'lost after') throw fault('CONNECTION_CLOSED')
            return items.map((item) => item.serial)
          },
        })
        const calls: Array<{ item: Item; outcome: Promise<string> }> = []
        for (const [serial, { player, poison, pauses }] of steps.entries()) {
          const item = { player: BigInt(player), serial, poison }
          calls.push({
            item,
            outcome: lane.submit(item.player, item).then((answer) => {
              expect(answer).toBe(serial)
              return 'done'
            }, codeOf),
          })
          expect(lane.waiting).toBeLessThanOrEqual(queueMax)
          for (let i = 0; i < pauses; i++) await new Promise(setImmediate)
        }
        await lane.close()
        expect(lane.waiting).toBe(0)
        const told = await Promise.all(calls.map(async (call) => ({ item: call.item, code: await call.outcome })))
        const times = (item: Item) => done.filter((each) => each === item).length
        for (const { item, code } of told) {
          if (code === 'done') expect(times(item)).toBe(1)
          else if (code === 'base.outcome_unknown') expect(times(item)).toBeLessThanOrEqual(1)
          else expect(times(item)).toBe(0)
          if (code === '22003') expect(item.poison).toBe(true)
          expect(['done', 'base.outcome_unknown', 'base.lane_full', '22003', '40001', '40P01']).toContain(code)
        }
        for (const { player } of steps) {
          const serials = done.filter((item) => item.player === BigInt(player)).map((item) => item.serial)
          expect(serials).toEqual([...serials].sort((a, b) => a - b))
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('what arrives together leaves together, and what arrives meanwhile leaves when the batch is back', async () => {
  const { lane, ask, next } = openHeld()
  const first = [1, 2, 3].map(ask)
  const batch = await next()
  expect(batch.items.map((item) => item.serial)).toEqual([1, 2, 3])
  const second = [4, 5].map(ask)
  expect(lane.waiting).toBe(2)
  batch.done()
  expect(await Promise.all(first)).toEqual([1, 2, 3])
  const behind = await next()
  expect(behind.items.map((item) => item.serial)).toEqual([4, 5])
  behind.done()
  expect(await Promise.all(second)).toEqual([4, 5])
})

test('a full queue refuses at once, and what was refused is never begun', async () => {
  const { lane, batches, ask, next } = openHeld({ queueMax: 10 })
  const answers = Array.from({ length: 15 }, (_, player) => outcome(ask(player)))
  expect(lane.waiting).toBe(10)
  expect(await Promise.all(answers.slice(10))).toEqual(Array(5).fill('base.lane_full'))
  await drain(lane, next)
  await Promise.all(answers.slice(0, 2))
  expect(batches.flatMap((batch) => batch.items)).toHaveLength(10)
})

test('a player who floods gets half of the queue; others find a place, and theirs is the next batch', async () => {
  const { lane, ask, next } = openHeld({ queueMax: 100 })
  const flood = Array.from({ length: 1000 }, () => outcome(ask(0)))
  expect(lane.waiting).toBe(50)
  const others = Array.from({ length: 7 }, (_, player) => ask(1 + player))
  const batch = await next()
  expect(batch.items.map((item) => Number(item.player))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  batch.done()
  expect(await Promise.all(others)).toHaveLength(7)
  await drain(lane, next)
  expect((await Promise.all(flood)).filter((code) => code === 'done')).toHaveLength(50)
})

test('many who flood together still leave places for one who asks little', async () => {
  const { lane, ask, next } = openHeld({ queueMax: 1000, batchMax: 1000 })
  for (let turn = 0; turn < 1000; turn++) for (let player = 1; player <= 9; player++) void outcome(ask(player))
  expect(lane.waiting).toBeLessThanOrEqual(900)
  const modest = Array.from({ length: 50 }, () => outcome(ask(0)))
  await drain(lane, next)
  expect(new Set(await Promise.all(modest))).toEqual(new Set(['done']))
})

test('the last place is for who has nothing waiting', async () => {
  const { ask, lane, next } = openHeld({ queueMax: 4 })
  const answers = [1, 2, 3].map((player) => outcome(ask(player)))
  expect(await outcome(ask(1))).toBe('base.lane_full')
  answers.push(outcome(ask(4)))
  expect(await outcome(ask(5))).toBe('base.lane_full')
  await drain(lane, next)
  expect(await Promise.all(answers)).toEqual(Array(4).fill('done'))
})

test('who waits too long is refused while the batch ahead is still out, and is never begun', async () => {
  const { lane, batches, ask, next } = openHeld({ deadlineMs: 80, batchMax: 1 })
  const ahead = outcome(ask(1))
  const batch = await next()
  const behind = [outcome(ask(1)), outcome(ask(2))]
  expect(await Promise.all(behind)).toEqual(['base.lane_late', 'base.lane_late'])
  expect(lane.waiting).toBe(0)
  batch.done()
  await ahead
  await lane.close()
  expect(batches).toHaveLength(1)
})

test('a batch that does not come back is told as unknown by the deadline; the lane goes on when it does', async () => {
  const { ask, next } = openHeld({ deadlineMs: 80 })
  const begun = performance.now()
  const silent = [outcome(ask(1)), outcome(ask(2))]
  const batch = await next()
  expect(await Promise.all(silent)).toEqual(['base.outcome_unknown', 'base.outcome_unknown'])
  expect(performance.now() - begun).toBeGreaterThanOrEqual(80)
  expect(performance.now() - begun).toBeLessThan(1000)
  batch.done()
  const later = ask(1)
  ;(await next()).done()
  expect(await later).toBe(3)
})

test('a lost connection makes those on board unknown and nobody else', async () => {
  const { ask, next } = openHeld()
  const board = [1, 2].map((player) => outcome(ask(player)))
  const batch = await next()
  const behind = ask(1)
  batch.fail(fault('CONNECTION_CLOSED'))
  expect(await Promise.all(board)).toEqual(['base.outcome_unknown', 'base.outcome_unknown'])
  ;(await next()).done()
  expect(await behind).toBe(3)
})

test.each(['40001', '40P01'])('%s is tried again with the same items, and given up after five', async (code) => {
  const { batches, ask, next } = openHeld()
  const answers = [1, 2].map(ask)
  for (let i = 0; i < 4; i++) (await next()).fail(fault(code))
  ;(await next()).done()
  expect(await Promise.all(answers)).toEqual([1, 2])
  expect(batches.map((batch) => batch.items.map((item) => item.serial))).toEqual(Array(5).fill([1, 2]))

  const single = outcome(ask(3))
  for (let i = 0; i < 5; i++) (await next()).fail(fault(code))
  expect(await single).toBe(code)
})

test('one item that the engine cannot take fails alone', async () => {
  const { batches, ask, next } = openHeld()
  const answers = [1, 2, 3].map((player) => outcome(ask(player)))
  ;(await next()).fail(fault('22003'))
  ;(await next()).done()
  ;(await next()).fail(fault('22003'))
  ;(await next()).done()
  expect(await Promise.all(answers)).toEqual(['done', '22003', 'done'])
  expect(batches.slice(1).map((batch) => batch.items.length)).toEqual([1, 1, 1])
})

test('a lane that closes takes no more and answers what it took, however often it is asked', async () => {
  const { lane, ask, next } = openHeld({ batchMax: 1 })
  const taken = [1, 2, 1].map((player) => outcome(ask(player)))
  let closed = 0
  const closing = [lane.close(), lane.close()].map((each) => each.then(() => closed++))
  expect(await outcome(ask(3))).toBe('base.lane_full')
  for (let i = 0; i < 3; i++) {
    expect(closed).toBe(0)
    ;(await next()).done()
  }
  await Promise.all(closing)
  expect(await Promise.all(taken)).toEqual(['done', 'done', 'done'])
  await lane.close()
})

test('lanes side by side: who is alone is served by the first, many share evenly, and nobody is in two at once', async () => {
  const served: Item[][] = [[], []]
  const inFlight = new Set<bigint>()
  const lanes = createLanes(
    served.map((items) =>
      createLane<Item, number>({
        ...usual,
        run: async (batch) => {
          for (const { player } of batch) {
            if (inFlight.has(player)) throw fault('in two lanes')
            inFlight.add(player)
          }
          await pause(Math.random() * 3)
          for (const { player } of batch) inFlight.delete(player)
          items.push(...batch)
          return batch.map((item) => item.serial)
        },
      }),
    ),
  )
  let serial = 0
  const ask = (player: number) => lanes.submit(BigInt(player), { player: BigInt(player), serial: ++serial })
  for (const player of [1, 2, 3]) await ask(player)
  expect(served.map((items) => items.length)).toEqual([3, 0])

  const callers = Array.from({ length: 40 }, async () => {
    for (let i = 0; i < 20; i++) expect(await ask(Math.floor(Math.random() * 30))).toBeGreaterThan(0)
  })
  await Promise.all(callers)
  await lanes.close()
  for (const items of served) expect(items.length).toBeGreaterThan(200)
})
