import { beforeEach, describe, expect, test, vi } from 'vitest'
import * as games from '#games'
import * as protection from '#protection'
import { balanceOf, begin, hours, house, make, prove, sit, sweep, useTable, world } from './doors-table.ts'

vi.mock('../../../core/games/catalogue.ts', async (original) => (await import('./shelf.ts')).shelved(await original()))
useTable()

describe('a round nobody comes back to', () => {
  beforeEach(() => world.admin`delete from games.open_rounds`)

  test('waits as long as the licence says, then ends by its rules; its record says who decided [GLI-4.16.3c-i] [GLI-4.16.3c-ii] [GLI-4.16.3c-iii]', async () => {
    const seat = await sit()
    const other = await sit()
    const { round } = await begin(seat)
    await make(seat, round.round, 1, 0)
    await begin(other)
    await world.act((tx) => protection.exclude(tx, world.command(), { ...seat, months: 6 }))
    expect(await sweep(hours(23.9))).toEqual([])
    await world.admin`update games.open_rounds set at = ${hours(1)} where wallet = ${other.wallet}`
    const [ended, ...more] = await sweep(hours(24.1))
    expect(more, 'the other has time yet').toEqual([])
    expect(ended).toMatchObject({ round: round.round, status: 'settled', win: { amount: '0.50' } })
    const { steps, replay } = await games.recall(world.sql, seat.wallet, round.round)
    expect(steps.map(({ by, move }) => [by, move])).toEqual([
      ['player', null],
      ['player', { open: 0 }],
      ['platform', { open: 'leave' }],
    ])
    expect(replay).toBe('identical')
    expect(await balanceOf(seat)).toEqual([950n, 0n])
    expect(await games.waitingRounds(world.sql, other.wallet)).toHaveLength(1) // nobody else is touched [GLI-4.16.3c-iv]
    await prove()
  })

  test('is left alone when the player came back first, and ended once however many try', async () => {
    const [seat, back] = [await sit(), await sit()]
    await begin(seat)
    const { round } = await begin(back)
    const due = await games.abandonedRounds(world.sql, house.rules, hours(25), 100)
    house.at = hours(25)
    await make(back, round.round, 1, 0)
    const end = (each: games.Abandoned) =>
      world.act((tx) => games.conclude(tx, world.command(hours(25)), house.parts, each))
    const views = await Promise.all([...due, ...due].map(end))
    house.at = undefined
    expect(views.filter((view) => view !== undefined)).toHaveLength(1)
    expect(await games.waitingRounds(world.sql, back.wallet)).toHaveLength(1)
    await prove()
  })
})
