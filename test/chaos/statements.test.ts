import { randomBytes, randomInt } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as games from '#games'
import type { Credential } from '#keys'
import * as ledger from '#ledger'
import { until } from '../support/client.ts'
import { type House, openHouse } from '../support/house.ts'
import { openWorld, type World } from '../support/world.ts'
import { type Once, spawnDealer } from './dealers.ts'
import { proves } from './judge.ts'

/**
 * A core, or the worker, is killed before every statement of what it does to a round, before the commit and before the answer. Here before each
 * so many-eth, beginning anywhere; before every one with `COUNTROOM_CHAOS_ROUNDS`.
 */
const stride = process.env.COUNTROOM_CHAOS_ROUNDS ? 1 : 7
/** Every walk has as many. */
const stepsLeast = 4
const funded = 1_000_000n

let world: World
let house: House
let agent: { socket: string; credential: Credential }
beforeAll(async () => {
  world = await openWorld()
  house = await openHouse(world)
  agent = { socket: world.agent.socket, credential: await world.agent.clients.credential('core') }
})
afterAll(async () => {
  await house?.close()
  await world?.stop()
})

type Seat = Awaited<ReturnType<House['sitDown']>>
type Walk = {
  name: string
  game: string
  choice: unknown
  /** By seeds that the player agreed on. */
  fair: boolean
  /** What is done to a round that waits; a bet without it. */
  after?(open: games.RoundView): Once
  /** What of it is there when all is done: rounds that wait, were settled, were voided; closed versions. */
  whole: Partial<Shape>
}

/** What there is of a player's rounds. */
type Shape = { waiting: number; settled: number; voided: number; numbers: number; told: number; closed: number }

const roll = { game: 'dice', choice: { stake: '1.00', chance: 4950, side: 'under' } }
const deal = { game: 'jacks-or-better', choice: { stake: '1.00' } } // waits once, whatever is dealt
const hold = (breaks: boolean) => (open: games.RoundView) =>
  ({ what: 'move', round: open.round, step: open.step!, move: { move: 'hold', hold: [0, 4] }, breaks }) as const
const voided = { waiting: -1, voided: 1, told: 1, closed: 1 }

const walks: readonly Walk[] = [
  { name: 'a round at once, in its lane', ...roll, fair: false, whole: { settled: 1 } },
  { name: 'the beginning of a round that waits', ...deal, fair: false, whole: { waiting: 1 } },
  { name: 'the move that settles it', ...deal, fair: false, after: hold(false), whole: { waiting: -1, settled: 1 } },
  { name: 'a fair round at once', ...roll, fair: true, whole: { settled: 1, numbers: 1 } },
  { name: 'the beginning of a fair round', ...deal, fair: true, whole: { waiting: 1, numbers: 1 } },
  {
    name: 'the move that settles a fair one',
    ...deal,
    fair: true,
    after: hold(false),
    whole: { waiting: -1, settled: 1 },
  },
  { name: 'a move in which the mathematics fail', ...deal, fair: false, after: hold(true), whole: voided },
  { name: 'the same of a fair round', ...deal, fair: true, after: hold(true), whole: voided },
  {
    name: 'the end of a round nobody comes back to',
    ...deal,
    fair: false,
    after: ({ round }) => ({ what: 'conclude', round, at: lastMoment().toISOString() }),
    whole: { waiting: -1, settled: 1 },
  },
]

test.each(walks)(
  'SIGKILL before each statement of $name, its commit and its answer: all of it is there or nothing, and it can be gone on with [GLI-4.16.2-1] [GLI-4.16.3b] [GLI-A.6.4a] [S47]',
  { timeout: stride === 1 ? 900_000 : 180_000 },
  async (walk) => {
    const seat = await house.sitDown(funded)
    const { wallet, player } = seat
    if (walk.fair) {
      const holder = { wallet, player, game: walk.game, clientSeed: 'my words' }
      await world.act((tx) => house.play.renewSeeds(tx, world.command(), holder))
    }
    let deaths = 0
    for (let dieBefore = stride === 1 ? 1 : randomInt(1, stepsLeast + 1); ; dieBefore += stride) {
      const open = walk.after && (await waiting(seat, walk))
      const key = randomBytes(8).toString('hex')
      const once = open ? walk.after!(open) : betOf(walk, key)
      const before = await shapeOf(seat)
      const told: games.RoundView[] = []
      const seats = [{ wallet: String(wallet), session: seat.session.id, player }]
      const dealer = spawnDealer({ database: world.address, seats, dieBefore, once, agent }, (line) => {
        if (line !== 'all wait') told.push(line.round)
      })
      const end = await dealer.ended
      await isGone()
      const there = await shapeOf(seat)
      const whole = plus(before, walk.whole)
      if (end === 0 || told.length > 0) expect(there, dealer.complaints()).toEqual(whole)
      else {
        expect(end, dealer.complaints()).toBe('SIGKILL')
        deaths++
        expect([before, whole], `death before ${dieBefore}`).toContainEqual(there)
      }
      await addsUp(seat)
      if (open && there.waiting === before.waiting)
        expect(await games.waitingRounds(world.sql, wallet), 'exactly as it was').toEqual([open])
      if (once.what === 'bet') {
        const { round } = await bet(seat, once) // as a page does that had no answer
        if (told[0]) expect(round).toEqual(told[0])
        expect(await shapeOf(seat), 'once, whoever asks again').toEqual(whole)
      }
      await world.admin`delete from games.closures`
      if (!walk.after) await finish(seat)
      if (end === 0) break
    }
    expect(deaths).toBeGreaterThanOrEqual(stride === 1 ? stepsLeast : 1)
    await finish(seat)
    expect((await ledger.balance(world.sql, wallet)).held).toBe(0n)
    for (const { round } of await games.history(world.sql, wallet, { limit: 100 }))
      expect((await games.recall(world.sql, wallet, round)).replay).toBe('identical')
    await proves(world.sql)
  },
)

/** The server has seen that it died: what was under way there is booked, or is not. */
async function isGone(): Promise<void> {
  await until('the dead one’s connections to end', async () => {
    const left = await world.admin`
      select from pg_stat_activity where datname = current_database() and application_name like 'dealer-%'`
    return left.count === 0 || undefined
  })
}

/** When the licence lets no round wait any longer. */
function lastMoment(): Date {
  return new Date(Date.now() + (house.rules.roundHoursMax + 1) * 3_600_000)
}

function betOf({ game, choice, fair }: Walk, key: string) {
  return { what: 'bet' as const, game, choice, key, fair }
}

function bet(seat: Seat, { fair, game, choice, key }: ReturnType<typeof betOf>) {
  const order = { session: seat.session, game, choice, key }
  return fair ? house.play.playFair(order) : house.play.play(order)
}

/** The round that waits for the player, or the next. */
async function waiting(seat: Seat, walk: Walk): Promise<games.RoundView> {
  const [left] = await games.waitingRounds(world.sql, seat.wallet)
  return left ?? (await bet(seat, betOf(walk, randomBytes(8).toString('hex')))).round
}

async function finish({ wallet, player, session }: Seat): Promise<void> {
  for (const { round, step } of await games.waitingRounds(world.sql, wallet)) {
    const wish = { wallet, player, session: session.id, round, step: step!, move: { move: 'hold', hold: [] } }
    await world.act((tx) => house.play.move(tx, world.command(), wish))
  }
}

async function shapeOf({ wallet, player }: Seat): Promise<Shape> {
  const [shape] = await world.admin<[Shape]>`
    select (select count(*)::int from games.open_rounds where wallet = ${wallet}) as waiting,
      (select count(*)::int from games.rounds where wallet = ${wallet}) as settled,
      (select count(*)::int from games.voided_rounds where wallet = ${wallet}) as voided,
      (select coalesce(sum(nonce), 0)::int from games.fair_seeds where wallet = ${wallet}) as numbers,
      (select count(*)::int from audit.events where code = 'games.round_voided' and player = ${player}) as told,
      (select count(*)::int from games.closures) as closed`
  return shape
}

function plus(before: Shape, change: Partial<Shape>): Shape {
  return Object.fromEntries(
    Object.entries(before).map(([name, count]) => [name, count + (change[name as keyof Shape] ?? 0)]),
  ) as Shape
}

/** The wallet has what the rounds that are there leave it; each number of the seeds was used once. */
async function addsUp({ wallet }: Seat): Promise<void> {
  const { cash, held } = await ledger.balance(world.sql, wallet)
  const [sums] = await world.admin<Array<{ won: bigint; held: bigint; numbers: bigint[]; nonce: bigint }>>`
    select (select coalesce(sum(win - stake), 0)::bigint from games.rounds where wallet = ${wallet}) as won,
      (select coalesce(sum(stake), 0)::bigint from games.open_rounds where wallet = ${wallet}) as held,
      (select coalesce(array_agg(nonce order by nonce), '{}') from games.fair_rounds where wallet = ${wallet}) as numbers,
      (select coalesce(sum(nonce), 0)::bigint from games.fair_seeds where wallet = ${wallet}) as nonce`
  expect({ cash, held }).toEqual({ cash: funded + sums!.won - sums!.held, held: sums!.held })
  expect(sums!.numbers.map(Number)).toEqual(Array.from({ length: Number(sums!.nonce) }, (_, number) => number))
}
