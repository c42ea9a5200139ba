import { afterEach, expect, test, vi } from 'vitest'
import { begin, house, make, sit, useTable, world } from './doors-table.ts'

vi.mock('../../../core/games/catalogue.ts', async (original) => (await import('./shelf.ts')).shelved(await original()))
useTable()
afterEach(() => vi.restoreAllMocks())

/** Whether work waits for what the generator was asked to do, and draws only then. */
async function waitsFor(asked: 'ready' | 'reseed', work: () => Promise<unknown>): Promise<void> {
  const done: string[] = []
  const { promise, resolve } = Promise.withResolvers<void>()
  const real = house.generator.stream
  vi.spyOn(house.generator, asked).mockImplementation(async () => {
    await promise
    done.push(asked)
  })
  vi.spyOn(house.generator, 'stream').mockImplementation((words) => {
    done.push('drawn')
    return real(words)
  })
  const working = work()
  await vi.waitFor(() => expect(house.generator[asked]).toHaveBeenCalled())
  await new Promise((go) => setTimeout(go, 20))
  expect(done).toEqual([])
  resolve()
  await working
  expect(done).toEqual([asked, 'drawn'])
  vi.restoreAllMocks()
}

test('rounds, steps and play without money wait out a doubt of the generator, and are not refused by it [GLI-3.3.2c]', async () => {
  const seat = await sit()
  const bet = { session: seat.session, game: 'dice', choice: { stake: '1.00', chance: 4950, side: 'under' } }
  await waitsFor('ready', () => house.play.play({ ...bet, key: 'at once' }))
  const { round } = await begin(seat)
  await waitsFor('ready', () => make(seat, round.round, 1, 0, house.play))
  await waitsFor('ready', async () => (await house.play.free()).play('dice', bet.choice, 'EUR'))
})

test('the seed that many rounds follow from is drawn with prediction resistance [GLI-3.3.2c]', async () => {
  const seat = await sit()
  const holder = { wallet: seat.wallet, player: seat.player, game: 'dice', clientSeed: 'my words' }
  await waitsFor('reseed', () => world.act((tx) => house.play.renewSeeds(tx, world.command(), holder)))
})
