import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import * as games from '#games'
import { shred } from '#keys'
import * as ledger from '#ledger'
import { fairDraws } from '../../../core/host/web/browser/fair-stream.ts'
import { type Doors, doors } from '../../support/doors.ts'
import { type House, openHouse } from '../../support/house.ts'
import { openWorld, type World } from '../../support/world.ts'

/** What stands in the catalogue besides: a small game of several steps. */
const shelf = vi.hoisted(() => ({ game: undefined as unknown }))
vi.mock('../../../core/games/catalogue.ts', async (original) => {
  const real = await original<typeof import('../../../core/games/catalogue.ts')>()
  return {
    ...real,
    catalogue: () => [...real.catalogue(), shelf.game as Doors],
    gameOf: (id: string, version?: string) => (id === 'doors' ? (shelf.game as Doors) : real.gameOf(id, version)),
  }
})

let world: World
let house: House
beforeAll(async () => {
  shelf.game = doors()
  world = await openWorld()
  house = await openHouse(world)
})
afterAll(async () => {
  await house.close()
  await world.stop()
})

type Seat = Awaited<ReturnType<House['sitDown']>>
const keys = () => world.agent.as('core')
const holder = ({ wallet, player }: Seat, game = 'dice') => ({ wallet, player, game })
const renew = (seat: Seat, clientSeed: string, game = 'dice') =>
  world.act((tx) => house.play.renewSeeds(tx, world.command(), { ...holder(seat, game), clientSeed }))
const end = (seat: Seat, game = 'dice') => world.act((tx) => games.endSeeds(tx, world.command(), holder(seat, game)))
const roll = (seat: Seat, key: string, stake = '1.00') =>
  house.play.playFair({ session: seat.session, game: 'dice', choice: { stake, chance: 4950, side: 'under' }, key })
const fairnessOf = (seat: Seat, round: string) =>
  games.fairnessOf(world.sql, keys(), { wallet: seat.wallet, player: seat.player, round })

/** As a player's browser does it, with what the house showed in the end. */
async function isFair(seat: Seat, round: string): Promise<boolean> {
  const { draws } = await games.recall(world.sql, seat.wallet, round)
  const fair = (await fairnessOf(seat, round))!
  const { serverSeed = '', clientSeed, nonce, commitment } = fair
  const made = await fairDraws(
    { serverSeed, clientSeed, nonce: String(nonce) },
    draws.map(([, range]) => range),
  )
  const kept = createHash('sha256').update(Buffer.from(serverSeed, 'hex')).digest('hex') === commitment
  return kept && draws.length > 0 && draws.every(([, , value], index) => value === made[index])
}

test('the house commits, the player chooses words, and when the seed is shown every number can be made again', async () => {
  const seat = await house.sitDown(1000n)
  const committed = await renew(seat, 'my words')
  expect(committed).toMatchObject({
    commitment: expect.stringMatching(/^[0-9a-f]{64}$/),
    clientSeed: 'my words',
    rounds: 0,
  })
  expect(committed.serverSeed).toBeUndefined()
  const rounds = [await roll(seat, 'a'), await roll(seat, 'b'), await roll(seat, 'c')].map(({ round }) => round.round)
  expect((await fairnessOf(seat, rounds[0]!))?.serverSeed).toBeUndefined()
  const [inUse] = await games.seedsOf(world.sql, keys(), holder(seat))
  expect(inUse).toMatchObject({ commitment: committed.commitment, rounds: 3 })
  expect(inUse!.serverSeed).toBeUndefined()

  const next = await renew(seat, 'other words')
  expect(next.commitment).not.toBe(committed.commitment)
  const [, shown] = await games.seedsOf(world.sql, keys(), holder(seat))
  expect(shown).toMatchObject({ commitment: committed.commitment, serverSeed: expect.stringMatching(/^[0-9a-f]{64}$/) })
  for (const [nonce, round] of rounds.entries()) {
    expect(await fairnessOf(seat, round)).toMatchObject({ nonce, commitment: committed.commitment })
    expect(await isFair(seat, round)).toBe(true)
    expect((await games.recall(world.sql, seat.wallet, round)).replay).toBe('identical')
  }
  expect((await ledger.prove(world.sql)).checks.filter(({ ok }) => !ok)).toEqual([])
})

test('a bet that is refused and one that is repeated use no number up; of many at once each has its own', async () => {
  const seat = await house.sitDown(1000n)
  await expect(roll(seat, 'before')).rejects.toMatchObject({ code: 'games.not_fair' })
  await renew(seat, 'w')
  const first = await roll(seat, 'a')
  await expect(roll(seat, 'b', '50.00')).rejects.toMatchObject({ code: 'ledger.insufficient_funds' })
  expect(await roll(seat, 'a')).toEqual({ ...first, replayed: true })
  const many = await Promise.all(Array.from({ length: 8 }, (_, i) => roll(seat, `m${i}`, '0.20')))
  await end(seat)
  const rounds = [first, ...many].map(({ round }) => round.round)
  const nonces = await Promise.all(rounds.map(async (round) => (await fairnessOf(seat, round))!.nonce))
  expect(nonces.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  for (const round of rounds) expect(await isFair(seat, round)).toBe(true)
  await expect(end(seat)).rejects.toMatchObject({ code: 'games.not_fair' })
})

test('a round that waits goes on in its stream, and nobody sees the seed before it is over', async () => {
  const seat = await house.sitDown(1000n)
  await renew(seat, 'doors', 'doors')
  const order = { session: seat.session, game: 'doors', choice: { stake: '1.00' } }
  let n = 0
  let { round } = await house.play.playFair({ ...order, key: `a${n}` })
  while (round.status !== 'open') round = (await house.play.playFair({ ...order, key: `a${++n}` })).round // one of five ends at once
  await expect(end(seat, 'doors')).rejects.toMatchObject({ code: 'games.fair_round_open' })
  await expect(renew(seat, 'again', 'doors')).rejects.toMatchObject({ code: 'games.fair_round_open' })
  for (const door of [0, 1, 2, 3]) {
    if (round.status !== 'open') break
    const wish = { wallet: seat.wallet, player: seat.player, session: seat.session.id, round: round.round }
    round = await world.act((tx) =>
      house.play.move(tx, world.command(), { ...wish, step: round.step!, move: { open: door } }),
    )
  }
  expect(round.status).toBe('settled')
  await end(seat, 'doors')
  expect(await isFair(seat, round.round)).toBe(true)
})

test('words are printable and not too long; another player has nothing of it', async () => {
  const [one, other] = [await house.sitDown(1000n), await house.sitDown(1000n)]
  for (const words of ['', 'x'.repeat(65), 'caf\u00e9', 'a\nb'])
    await expect(renew(one, words)).rejects.toMatchObject({ code: 'games.client_seed_invalid' })
  await renew(one, 'mine')
  expect(await games.seedsOf(world.sql, keys(), holder(other))).toEqual([])
  await expect(roll(other, 'a')).rejects.toMatchObject({ code: 'games.not_fair' })
})

test('a fair round of a player who was erased is told, but for the seed of the house, which is gone with them', async () => {
  const seat = await house.sitDown(1000n)
  const { commitment } = await renew(seat, 'my words')
  const { round } = await roll(seat, 'a')
  await end(seat)
  expect((await fairnessOf(seat, round.round))?.serverSeed).toBeDefined()
  await world.act((tx) => shred(tx, seat.player))
  const told = await fairnessOf(seat, round.round)
  expect(told).toMatchObject({ commitment, clientSeed: 'my words', nonce: 0 })
  expect(told?.serverSeed).toBeUndefined()
})
