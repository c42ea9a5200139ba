import { afterAll, beforeAll, expect, test } from 'vitest'
import * as games from '#games'
import { type House, openHouse } from '../../support/house.ts'
import { openWorld, type World } from '../../support/world.ts'

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

const red = { bets: [{ on: 'red', amount: '2.00' }] }

test('the statement names each game and its type, with what was staked and won in the days asked for, before and after it is summed [GLI-2.5.7b] [GLI-2.5.7]', async () => {
  const { wallet, session } = await house.sitDown(100_000n)
  const other = await house.sitDown(100_000n)
  let keys = 0
  const bet = (game: string, choice: object, who = session, play = house.play) =>
    play.play({ session: who, game, choice, key: `t${++keys}` })
  type Sums = { rounds: number; staked: bigint; won: bigint }
  const expected = new Map<string, Sums>()
  const note = ({ game, stake, win }: games.RoundView) => {
    const { rounds, staked, won } = expected.get(game) ?? { rounds: 0, staked: 0n, won: 0n }
    expected.set(game, { rounds: rounds + 1, staked: staked + minor(stake), won: won + minor(win) })
  }
  const totals = (days = {}) => games.gameTotals(world.sql, wallet, days)
  const told = async (days = {}) =>
    new Map<string, Sums>(
      (await totals(days)).map(({ game, rounds, staked, won }) => [
        game,
        { rounds, staked: minor(staked), won: minor(won) },
      ]),
    )

  expect(await totals()).toEqual([])
  const lost = await bet(
    'roulette-european',
    red,
    session,
    house.with(() => 0),
  )
  note(lost.round)
  note(
    (
      await bet(
        'roulette-european',
        red,
        session,
        house.with(() => 1),
      )
    ).round,
  )
  for (let spin = 0; spin < 5; spin++) note((await bet('midnight-orchard', { stake: '1.00' })).round)
  await bet('dice', games.gameOf('dice').sample as object, other.session)
  const waits = await bet(
    'mines',
    games.gameOf('mines').sample as object,
    session,
    house.with((range) => range - 1),
  )
  expect(waits.round.status, 'a round that waits counts when it is settled').toBe('open')

  expect(await told()).toEqual(expected)
  expect((await totals()).map(({ name, kind }) => [name, kind])).toEqual([
    ['Midnight Orchard', 'slot'],
    [games.gameOf('roulette-european').name, 'table'],
  ])

  const sumUntil = async (instant: number) => {
    while ((await world.act((tx) => games.sumDays(tx, world.command(new Date(instant))))).more);
  }
  const hour = 3_600_000
  const longAgo = new Date(Date.now() - 29 * hour)
  await world.admin`
    update games.rounds set at = ${longAgo} where wallet = ${wallet} and 'rnd_' || transfer = ${lost.round.round}`
  await world.admin`update games.summed set until = ${new Date(Date.now() - 30 * hour)}`
  await sumUntil(Date.now() - hour)
  expect(await told(), 'some are in the sums, some not yet').toEqual(expected)
  await sumUntil(Date.now() + 180_000)
  expect(await told(), 'all are').toEqual(expected)
  house.at = new Date(Date.now() + 240_000)
  note((await bet('midnight-orchard', { stake: '1.00' })).round)
  expect(await told(), 'and one that came since').toEqual(expected)

  const dateOf = (instant: Date) => instant.toISOString().slice(0, 10)
  const thatDay = { from: dateOf(longAgo), to: dateOf(longAgo) }
  expect(await told(thatDay)).toEqual(new Map([['roulette-european', { rounds: 1, staked: 200n, won: 0n }]]))
  const later = await told({ from: dateOf(new Date(longAgo.getTime() + 24 * hour)) })
  expect(later.get('roulette-european')).toEqual({ rounds: 1, staked: 200n, won: 400n })
})

function minor({ amount }: { amount: string }): bigint {
  return BigInt(amount.replace('.', ''))
}
