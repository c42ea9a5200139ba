import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as games from '#games'
import * as ledger from '#ledger'
import { type House, openHouse } from '../support/house.ts'
import { openWorld, type World } from '../support/world.ts'
import { type DealerTask, spawnDealer } from './dealers.ts'
import { openFundedWallets } from './funded.ts'
import { proves } from './judge.ts'

/** A core is killed in the middle of many open rounds. Short here; `COUNTROOM_CHAOS_ROUNDS=20` for the long run. */
const kills = Number(process.env.COUNTROOM_CHAOS_ROUNDS ?? 2)
const people = 200
/** So many moves are told once every player has a round that waits. */
const movesFirst = 30
/** Of the statements of a step every one in the long run, and here each so many-eth, beginning anywhere. */
const stride = process.env.COUNTROOM_CHAOS_ROUNDS ? 1 : 7

let world: World
let house: House
beforeAll(async () => {
  world = await openWorld()
  house = await openHouse(world)
})
afterAll(async () => {
  await house?.close()
  await world?.stop()
})

test(`SIGKILL during ${people} open rounds of blackjack, ${kills} times: each is exactly as it was last told or one step on, and what it staked is held [GLI-4.16.2-1] [GLI-4.16.3b] [S47]`, {
  timeout: 60_000 + kills * 30_000,
}, async () => {
  const seats = await seated(people, 'chaos')
  const told = new Map<string, games.RoundView>()
  for (let kill = 0; kill < kills; kill++) {
    await dealUntilKilled({ database: world.address, seats }, told)
    expect((await waiting(seats)).size, 'they were open when it died').toBeGreaterThan(people / 2)
    for (const { wallet } of seats) await agrees(wallet, told.get(wallet))
    await proves(world.sql)
  }
  // The same players, at another core: every round is finished, and replays.
  for (const [wallet, open] of await waiting(seats)) await finish(seats.find((seat) => seat.wallet === wallet)!, open)
  expect((await waiting(seats)).size).toBe(0)
  const [sums] = await world.sql<Array<{ held: bigint }>>`select sum(held)::bigint as held from ledger.wallets`
  expect(sums!.held).toBe(0n)
  for (const { wallet, round } of await everyRound())
    expect((await games.recall(world.sql, wallet, `rnd_${round}`)).replay).toBe('identical')
  await proves(world.sql)
})

test('SIGKILL before each statement of a round’s beginning and of its next move, its commit and its answer: all of the step is there or nothing of it [GLI-4.16.2-1] [GLI-4.16.3b] [S47]', {
  timeout: 120_000,
}, async () => {
  const seats = await seated(60, 'step')
  let tried = 0
  let dieBefore = stride === 1 ? 1 : randomInt(1, stride)
  for (let told = 0; told < 2; dieBefore += stride) {
    const seat = seats[tried++]!
    const lines = new Map<string, games.RoundView>()
    told = 0
    const dealer = spawnDealer({ database: world.address, seats: [seat], dieBefore }, (line) => {
      if (line === 'all wait') return
      lines.set(line.wallet, line.round)
      told++
    })
    expect(await dealer.ended, dealer.complaints()).toBe('SIGKILL')
    await agrees(seat.wallet, lines.get(seat.wallet))
  }
  expect(dieBefore, 'statements of both').toBeGreaterThan(12)
  for (const [wallet, open] of await waiting(seats)) await finish(seats.find((seat) => seat.wallet === wallet)!, open)
  await proves(world.sql)
})

type Seat = DealerTask['seats'][number]

/** Players with money and a session each, made as rows: it is not signing in that is tried here. */
async function seated(count: number, name: string): Promise<Seat[]> {
  const wallets = await openFundedWallets(world.sql, count, 1_000_000n)
  const seats = wallets.map((wallet, n) => ({ wallet, session: `ses_${name}${n}`, player: `plr_${name}${n}` }))
  await world.admin`
    insert into sessions.sessions
      (session, sign_in, digest, player, wallet, currency, shown, authenticated_at, begun_at, wallet_version, seen_at, idle_seconds_max, ends_at)
    select session, session, convert_to(session, 'UTF8'), player, wallet, 'EUR', '{}', now(), now(), 1, now(), 3600, now() + interval '6 hours'
    from jsonb_to_recordset(${world.admin.json(seats)}) as s (session text, player text, wallet bigint)`
  return seats
}

/** Plays in a process of its own, which dies in the middle of it; what it told goes into `told`. */
async function dealUntilKilled(task: DealerTask, told: Map<string, games.RoundView>): Promise<void> {
  let moves = Number.NEGATIVE_INFINITY
  const dealer = spawnDealer(task, (line) => {
    if (line === 'all wait') moves = 0
    else told.set(line.wallet, line.round)
    moves++
  })
  const endMs = Date.now() + 40_000
  while (moves < movesFirst) {
    if (dealer.hasEnded() || Date.now() > endMs) throw new Error(`the dealer stands still: ${dealer.complaints()}`)
    await pause(5)
  }
  dealer.kill()
  await dealer.ended
}

/** The rounds that wait now, by wallet. */
async function waiting(seats: readonly Seat[]): Promise<Map<string, games.RoundView>> {
  const found = new Map<string, games.RoundView>()
  for (const { wallet } of seats) {
    const rounds = await games.waitingRounds(world.sql, BigInt(wallet))
    expect(rounds.length).toBeLessThan(2)
    if (rounds[0]) found.set(wallet, rounds[0])
  }
  return found
}

/** What the player was told last is what is there, or their next step is; held is what open rounds stake. */
async function agrees(wallet: string, told: games.RoundView | undefined): Promise<void> {
  const number = BigInt(wallet)
  const [present] = await games.waitingRounds(world.sql, number)
  const { held } = await ledger.balance(world.sql, number)
  expect(held).toBe(present ? BigInt(present.stake.amount.replace('.', '')) : 0n)
  if (!told) return
  if (told.status !== 'open')
    return void expect((await games.recall(world.sql, number, told.round)).win).toEqual(told.win)
  if (present?.round === told.round && present.step === told.step) return void expect(present).toEqual(told)
  const { steps, replay } = await games.recall(world.sql, number, told.round)
  expect(steps[told.step! - 1]!.outcome, 'what was told is a step of it').toEqual(told.outcome)
  expect(['identical', 'open']).toContain(replay)
}

async function finish({ wallet, session, player }: Seat, open: games.RoundView): Promise<void> {
  let view = open
  for (let tries = 0; view.status === 'open' && tries < 50; tries++) {
    const move = view.moves!.includes('stand') ? 'stand' : 'no-insurance'
    const wish = { wallet: BigInt(wallet), player, session, round: view.round, step: view.step!, move: { move } }
    view = await world.act((tx) => house.play.move(tx, world.command(), wish))
  }
  expect(view.status).toBe('settled')
}

async function everyRound(): Promise<Array<{ wallet: bigint; round: bigint }>> {
  return await world.sql`select wallet, coalesce(round, transfer) as round from games.rounds`
}
