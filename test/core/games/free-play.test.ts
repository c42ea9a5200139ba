import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as games from '#games'
import * as ledger from '#ledger'
import { type House, openHouse } from '../../support/house.ts'
import { openWorld, type World } from '../../support/world.ts'

let world: World
let house: House
let free: games.FreePlay
const key = randomBytes(32)
let now = new Date()
/** The same numbers again and again, as a paid round and a free one get them here. */
const numbers = () => {
  let last = 7
  return (range: number) => {
    last = (last * 31 + 11) % 9973
    return last % range
  }
}
const freeWith = (draw: (range: number) => number) =>
  games.openFreePlay({ generator: { stream: () => ({ draw, words: () => new Uint32Array() }) }, key, now: () => now })
beforeAll(async () => {
  world = await openWorld()
  house = await openHouse(world)
  free = games.openFreePlay({ generator: house.generator, key, now: () => now })
})
afterAll(async () => {
  await house.close()
  await world.stop()
})

test.each(games.catalogue().map(({ id, sample }) => [id, sample] as const))(
  '%s: a round without money is what the same numbers make of a paid one, and touches no balance [GLI-4.9.1]',
  async (id, sample) => {
    const { wallet, session } = await house.sitDown(100_000n)
    const paid = (await house.with(numbers()).play({ session, game: id, choice: sample, key: 'k' })).round
    const before = await everything(wallet)
    const round = freeWith(numbers()).play(id, sample, 'EUR')
    expect([round.outcome, round.win, round.stake, round.status, round.moves]).toEqual([
      ...[paid.outcome, paid.win, paid.stake, paid.status, paid.moves],
    ])
    expect(await everything(wallet)).toEqual(before)
  },
)

test('a free round of several steps goes on by what its player brings along, which is sealed, whole, and of one day', () => {
  const wheres = Array.from({ length: 40 }, () => free.play('mines', { stake: '1.00', mines: 1, tile: 0 }, 'EUR'))
  const round = wheres.find(({ status }) => status === 'open')!
  const place = round.place!
  expect(Buffer.from(place, 'base64url').toString('latin1')).not.toContain('mines')
  const over = free.move(place, { move: 'cash-out' })
  expect(over).toMatchObject({ status: 'settled', version: games.gameOf('mines').version, stake: { amount: '1.00' } })
  expect(over.place).toBeUndefined()
  expect(() => free.move(place, { move: 'reveal', tile: 0 })).toThrow(
    expect.objectContaining({ code: 'games.choice_invalid' }),
  )
  const elsewhere = games.openFreePlay({ generator: house.generator, key: randomBytes(32), now: () => now })
  const flipped = Buffer.from(place, 'base64url')
  flipped[40]! ^= 1
  const invalid = expect.objectContaining({ code: 'games.free_place_invalid' })
  for (const bad of ['', 'x', flipped.toString('base64url'), place.slice(0, 50)])
    expect(() => free.move(bad, { move: 'cash-out' })).toThrow(invalid)
  expect(() => elsewhere.move(place, { move: 'cash-out' })).toThrow(invalid)
  now = new Date(Date.now() + 25 * 3_600_000)
  expect(() => free.move(place, { move: 'cash-out' })).toThrow(invalid)
})

async function everything(wallet: bigint) {
  const counts = await world.admin`
    select (select count(*) from ledger.postings) as postings, (select count(*) from games.rounds) as rounds,
      (select count(*) from games.open_rounds) as open, (select count(*) from audit.events) as events`
  return [await ledger.balance(world.sql, wallet), counts[0]]
}
