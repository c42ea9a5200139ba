import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as games from '#games'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { connectTo, openTestDatabase, type TestDatabase } from '../support/database.ts'
import { type House, openHouse } from '../support/house.ts'
import { startTestKeys, type TestKeys } from '../support/keys.ts'
import { makeTemplate } from '../support/setup.ts'
import { type Standby, startStandby } from '../support/standby.ts'
import { type World, worldOf } from '../support/world.ts'
import { proves } from './judge.ts'

/** A primary dies under open rounds, and its synchronous standby, copied by pg_basebackup, is promoted in its place. */
const people = 40
const choices = {
  blackjack: { stake: '1.00' },
  mines: { stake: '1.00', mines: 3, tile: 12 },
  'jacks-or-better': { stake: '1.00' },
}
type Named = keyof typeof choices

let cluster: Cluster
let standby: Standby | undefined
let agent: TestKeys
let database: TestDatabase
beforeAll(async () => {
  ;[cluster, agent] = await Promise.all([startCluster(), startTestKeys()])
  await makeTemplate(cluster)
  database = await openTestDatabase(cluster)
  standby = await startStandby(cluster)
})
afterAll(async () => {
  await standby?.stop()
  await cluster?.kill().catch(() => {}) // it is dead already, unless the test failed before
  await agent?.stop()
  if (cluster) rmSync(cluster.host, { recursive: true, force: true })
})

test('a standby is promoted under open rounds: each is exactly as it was told, its stake held; a bet in flight happened once or not at all; all is played to its end [GLI-4.16.2-1] [GLI-4.16.2-2] [GLI-4.16.3b]', {
  timeout: 120_000,
}, async () => {
  const before = worldOf(database, agent)
  const house = await openHouse(before)
  const seats = []
  for (let n = 0; n < people; n++) seats.push(await house.sitDown(10_000n))
  const told = new Map<bigint, games.RoundView[]>()
  for (const [n, { wallet, session }] of seats.entries()) {
    const game = Object.keys(choices)[n % 3] as Named
    const { round } = await house.play.play({ session, game, choice: choices[game], key: 'waits' })
    if (round.status === 'open') told.set(wallet, [round])
  }
  expect(told.size).toBeGreaterThan(people / 2)

  const answered = new Map<string, games.RoundView>()
  const bets = seats.flatMap((seat) => ['a', 'b', 'c'].map((key) => ({ ...seat, key })))
  const red = { bets: [{ on: 'red', amount: '1.00' }] }
  const bet = ({ session, key }: (typeof bets)[number], table: House) =>
    table.play.play({ session, game: 'roulette-european', choice: red, key })
  const flying = bets.map(async (each) => {
    const { round } = await bet(each, house)
    answered.set(`${each.wallet} ${each.key}`, round)
    if (answered.size === people) await cluster.kill()
  })
  await Promise.allSettled(flying)
  expect(answered.size, 'some were answered').toBeGreaterThanOrEqual(people)
  expect(answered.size, 'and some in flight').toBeLessThan(bets.length)
  await house.close().catch(() => {})
  await database.stop().catch(() => {})

  standby!.promote()
  const connections = connectTo({ ...database.address, port: standby!.port })
  const after = { ...worldOf(connections, agent), stop: connections.stop }
  const other = await openHouse(after)
  try {
    await proves(after.sql)
    for (const { wallet } of seats) {
      expect(await games.waitingRounds(after.sql, wallet)).toEqual(told.get(wallet) ?? [])
      const held = (told.get(wallet) ?? []).reduce((sum, { stake }) => sum + BigInt(stake.amount.replace('.', '')), 0n)
      expect((await balance(after, wallet)).held).toBe(held)
    }
    for (const each of bets) {
      const { round, replayed } = await bet(each, other)
      const known = answered.get(`${each.wallet} ${each.key}`)
      if (known) expect({ round, replayed }, 'what was answered is there').toEqual({ round: known, replayed: true })
      expect((await bet(each, other)).round).toEqual(round)
    }
    const [made] = await after.admin<Array<{ rounds: number }>>`
      select count(*)::int as rounds from games.rounds where game = 'roulette-european'`
    expect(made!.rounds, 'each bet once').toBe(bets.length)
    for (const [wallet, [open]] of told)
      await finish(after, other, seats.find((seat) => seat.wallet === wallet)!, open!)
    for (const { wallet, round } of await everyRound(after))
      expect((await games.recall(after.sql, wallet, `rnd_${round}`)).replay).toBe('identical')
    await proves(after.sql)
  } finally {
    await other.close()
    await after.stop()
  }
})

type Seat = Awaited<ReturnType<House['sitDown']>>

/** As the rules end a round whose player does not decide. */
async function finish(world: World, house: House, seat: Seat, round: games.RoundView): Promise<void> {
  const { moves } = games.gameOf(round.game)
  for (let now = round; now.status === 'open'; ) {
    const [row] = await world.admin<Array<{ state: string }>>`
      select state from games.open_rounds where wallet = ${seat.wallet} and game = ${round.game}`
    const move = moves!.fallback(JSON.parse(row!.state) as Record<string, unknown>)
    const wish = { ...seat, session: seat.session.id, round: now.round, step: now.step!, move }
    now = await world.act((tx) => house.play.move(tx, world.command(), wish))
  }
}

async function balance({ admin }: World, wallet: bigint): Promise<{ held: bigint }> {
  const [row] = await admin<Array<{ held: bigint }>>`select held from ledger.wallets where wallet = ${wallet}`
  return row!
}

function everyRound({ admin }: World): Promise<Array<{ wallet: bigint; round: bigint }>> {
  return admin`select wallet, coalesce(round, transfer) as round from games.rounds`
}
