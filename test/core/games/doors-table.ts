import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import * as games from '#games'
import * as ledger from '#ledger'
import { doors } from '../../support/doors.ts'
import { type House, openHouse } from '../../support/house.ts'
import { openWorld, type World } from '../../support/world.ts'
import { shelf } from './shelf.ts'

/** A house where the small game of several steps is played. */
export let world: World
export let house: House
/** Behind the third door is the prize. */
export let table: games.Games

/** For a file of tests that has put the shelf into the catalogue. */
export function useTable(): void {
  beforeAll(async () => {
    shelf.present = [doors()]
    world = await openWorld()
    house = await openHouse(world)
    table = house.with((range) => (range === 5 ? 2 : 0))
  })
  afterAll(async () => {
    await house.close()
    await world.stop()
  })
  beforeEach(async () => {
    shelf.present = [doors()]
    shelf.earlier = []
    await world.admin`delete from games.closures`
  })
}

export type Seat = Awaited<ReturnType<House['sitDown']>>
export const sit = (cash = 1000n) => house.sitDown(cash)
export const begin = (seat: Seat, key = 'k', stake = '1.00', play = table) =>
  play.play({ session: seat.session, game: 'doors', choice: { stake }, key })
export const make = (seat: Seat, round: string, step: number, open: unknown, play = table) =>
  world.act((tx) =>
    play.move(tx, world.command(house.at), {
      ...{ wallet: seat.wallet, player: seat.player, session: seat.session.id },
      ...{ round, step, move: { open } },
    }),
  )
export const balanceOf = async ({ wallet }: Seat) => {
  const { cash, held } = await ledger.balance(world.sql, wallet)
  return [cash, held]
}
export const prove = async () => expect((await ledger.prove(world.sql)).checks.filter(({ ok }) => !ok)).toEqual([])

export const hours = (many: number) => new Date(Date.now() + many * 3_600_000)
/** As the worker does each minute. */
export const sweep = async (now: Date) => {
  const due = await games.abandonedRounds(world.sql, house.rules, now, 100)
  const ended = []
  for (const each of due) ended.push(await world.act((tx) => games.conclude(tx, world.command(now), house.parts, each)))
  return ended
}
