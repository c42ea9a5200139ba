import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import * as games from '#games'
import { stakeMaxFor } from '../../../core/host/player/stake-bounds.ts'
import { doors } from '../../support/doors.ts'
import { openHouse } from '../../support/house.ts'
import { house, make, type Seat, table, useTable, world } from './doors-table.ts'
import { shelf } from './shelf.ts'

vi.mock('../../../core/games/catalogue.ts', async (original) => (await import('./shelf.ts')).shelved(await original()))
useTable()

describe('what the licence of Great Britain says of play', () => {
  const london = { country: 'GB', currency: 'GBP' as const }
  const red = { bets: [{ on: 'red', amount: '1.00' }] }
  let key = 0
  const begun = (seat: Seat, game: string, choice: unknown, auto = false) =>
    table.play({ session: seat.session, game, choice, auto, key: `gb ${key++}` })
  const start = Date.now() + 60_000
  const at = (ms: number) => {
    house.at = new Date(start + ms)
  }
  beforeAll(async () => {
    await world.admin`update licences.licences set in_force = false`
    await world.admin`update licences.licences set in_force = true where licence = 'great-britain'`
    house.rules = await games.playRules(world.sql)
  })
  afterAll(async () => {
    await world.admin`update licences.licences set in_force = false`
    await world.admin`update licences.licences set in_force = true where licence = 'standard'`
    house.rules = await games.playRules(world.sql)
    house.at = undefined
  })

  test.each([
    ['midnight-orchard', { stake: '1.00' }, 2500],
    ['roulette-european', red, 5000],
    ['doors', { stake: '1.00' }, 5000],
  ])(
    'after %s the next game of any kind begins no sooner than it may [RTS-14D] [RTS-14G-1] [CR-08]',
    async (game, choice, ms) => {
      for (const [next, chosen] of [
        ['midnight-orchard', { stake: '1.00' }],
        ['roulette-european', red],
      ] as const) {
        const seat = await house.sitDown(1000n, london)
        at(0)
        const { round } = await begun(seat, game, choice)
        if (round.moves) {
          at(ms - 2)
          await make(seat, round.round, 1, 2) // moves take their time; the next start counts from the last one
        }
        at(ms - 1)
        await expect(begun(seat, next, chosen), `${next} after ${ms - 1} ms`).rejects.toMatchObject({
          code: 'games.too_soon',
        })
        at(ms)
        await begun(seat, next, chosen)
      }
    },
  )

  test('of two games started at the same moment one is too soon, whoever serves it: nobody plays two slots at once [RTS-14C]', async () => {
    const other = await openHouse(world)
    at(0)
    Object.assign(other, { rules: house.rules, at: house.at })
    const wheel = { game: 'roulette-european', choice: red }
    const slot = (game: string) => ({ game, choice: { stake: '1.00' } })
    for (const [one, another] of [
      [wheel, wheel],
      [slot('midnight-orchard'), slot('basalt-falls')],
      [slot('midnight-orchard'), slot('midnight-orchard')],
    ] as const) {
      const { session } = await house.sitDown(1000n, london)
      const both = await Promise.allSettled([
        house.play.play({ session, ...one, key: 'a' }),
        other.play.play({ session, ...another, key: 'b' }),
      ])
      const refused = both.filter((each) => each.status === 'rejected')
      expect(refused).toMatchObject([{ reason: { code: 'games.too_soon' } }])
    }
    await other.close()
  })

  test('while a slot waits for its player no other slot begins, however late, and another kind of game does [RTS-14C]', async () => {
    shelf.present = [{ ...doors(), kind: 'slot' }]
    house.rules = await games.playRules(world.sql)
    const seat = await house.sitDown(1000n, london)
    const slots = ['midnight-orchard', 'basalt-falls', 'tidewrack']
    at(0)
    const { round } = await begun(seat, 'doors', { stake: '1.00' })
    at(60_000)
    for (const slot of slots)
      await expect(begun(seat, slot, { stake: '1.00' }), slot).rejects.toMatchObject({ code: 'games.other_open' })
    expect((await begun(seat, 'roulette-european', red)).round.status).toBe('settled')
    const another = await house.sitDown(1000n, london)
    expect((await begun(another, slots[0]!, { stake: '1.00' })).round.status).toBe('settled')

    at(120_000)
    await make(seat, round.round, 1, 2)
    expect((await begun(seat, slots[0]!, { stake: '1.00' })).round.status).toBe('settled')

    at(180_000)
    const settled = house.rules
    house.rules = { ...settled, pace: { ...settled.pace, sole: [] } } // as where the licence says nothing of it
    await begun(seat, 'doors', { stake: '1.00' })
    expect((await begun(seat, slots[0]!, { stake: '1.00' }).catch((error) => error)).code).toBe('games.too_soon')
    at(240_000)
    expect((await begun(seat, slots[0]!, { stake: '1.00' })).round.status).toBe('settled')
    shelf.present = [doors()]
    house.rules = await games.playRules(world.sql)
  })

  test('of two slots of which one waits, begun at the same moment, one is refused, whoever serves it [RTS-14C]', async () => {
    shelf.present = [{ ...doors(), kind: 'slot' }]
    house.rules = { ...(await games.playRules(world.sql)), cycleMsMin: { slot: 0, table: 0, instant: 0 } }
    house.rules = { ...house.rules, pace: { ...house.rules.pace, games: [], ms: [] } } // so that not the pace refuses
    const other = await openHouse(world)
    at(0)
    Object.assign(other, { rules: house.rules, at: house.at })
    for (let n = 0; n < 5; n++) {
      const { session } = await house.sitDown(1000n, london)
      const waits = { session, game: 'doors', choice: { stake: '1.00' }, key: 'a' }
      const spins = { session, game: 'midnight-orchard', choice: { stake: '1.00' }, key: 'b' }
      const [begun, spun] = await Promise.allSettled([table.play(waits), other.play.play(spins)])
      expect(begun.status).toBe('fulfilled')
      // The spin was over before the round began, or it was refused: they never were open together.
      if (spun.status === 'rejected') expect(spun.reason).toMatchObject({ code: 'games.other_open' })
      await expect(other.play.play({ ...spins, key: 'c' })).rejects.toMatchObject({ code: 'games.other_open' })
    }
    await other.close()
    shelf.present = [doors()]
    house.rules = await games.playRules(world.sql)
  })

  test('a slot takes 5 pounds from 25 years on and 2 below, another game more; also where a move would raise it [UKSI-2025-215-1] [UKSI-2025-215-2]', async () => {
    const born = (years: number, days: number) => {
      const day = new Date(start)
      day.setUTCFullYear(day.getUTCFullYear() - years, day.getUTCMonth(), day.getUTCDate() + days)
      return { ...london, dateOfBirth: day.toISOString().slice(0, 10) }
    }
    at(0)
    for (const [years, days, most, above] of [
      [25, 0, '5.00', '5.20'],
      [25, 1, '2.00', '2.20'],
      [18, 0, '2.00', '2.20'],
    ] as const) {
      const seat = await house.sitDown(10_000n, born(years, days))
      await expect(begun(seat, 'midnight-orchard', { stake: above })).rejects.toMatchObject({
        code: 'games.stake_too_high',
      })
      expect((await begun(seat, 'midnight-orchard', { stake: most })).round.status).toBe('settled')
    }
    const young = await house.sitDown(10_000n, born(18, 0))
    const offered = ({ session }: Seat, game: string) => {
      const host = { sql: world.sql, keys: world.agent.keys, now: () => house.at! }
      return stakeMaxFor(host, house.rules, games.gameOf(game), session)
    }
    const old = await house.sitDown(10_000n, born(25, 0))
    expect([await offered(old, 'midnight-orchard'), await offered(young, 'midnight-orchard')]).toEqual([500n, 200n])
    expect(await offered(young, 'roulette-european')).toBe(games.gameOf('roulette-european').stakeMax)
    expect((await begun(young, 'roulette-european', { bets: [{ on: 'red', amount: '50.00' }] })).round.status).toBe(
      'settled',
    )
    shelf.present = [{ ...doors(), kind: 'slot' }]
    house.rules = await games.playRules(world.sql)
    const seat = await house.sitDown(10_000n, born(18, 0))
    const { round } = await begun(seat, 'doors', { stake: '1.01' })
    await expect(make(seat, round.round, 1, 'double')).rejects.toMatchObject({ code: 'games.stake_too_high' })
    expect((await make(seat, round.round, 1, 2)).status).toBe('settled')
  })

  test('in a currency that the bound on stakes says nothing of no slot is played; other games are [UKSI-2025-215-1]', async () => {
    // Of before this licence, under which nobody opens a wallet in euros.
    const inForce = async (licence: string) => {
      await world.admin`update licences.licences set in_force = false`
      await world.admin`update licences.licences set in_force = true where licence = ${licence}`
    }
    await inForce('standard')
    const before = await house.sitDown(10_000n)
    await inForce('great-britain')
    at(0)
    await expect(begun(before, 'midnight-orchard', { stake: '0.20' })).rejects.toMatchObject({
      code: 'games.stake_too_high',
    })
    expect((await begun(before, 'roulette-european', red)).round.status).toBe('settled')
  })

  test('a round by seeds is held to the same: pace, stake, and who begins it [RTS-14D] [RTS-14G-1] [RTS-8A] [CR-08]', async () => {
    const seat = await house.sitDown(10_000n, { ...london, dateOfBirth: '2000-01-01' })
    at(0)
    const game = 'midnight-orchard'
    const holder = { wallet: seat.wallet, player: seat.player, game, clientSeed: 'my words' }
    await world.act((tx) => table.renewSeeds(tx, world.command(house.at), holder))
    const fair = (stake: string, auto = false) =>
      table.playFair({ session: seat.session, game, choice: { stake }, auto, key: `gb ${key++}` })
    await expect(fair('5.20')).rejects.toMatchObject({ code: 'games.stake_too_high' })
    await expect(fair('1.00', true)).rejects.toMatchObject({ code: 'games.autoplay_forbidden' })
    await fair('1.00')
    at(2499)
    await expect(fair('1.00')).rejects.toMatchObject({ code: 'games.too_soon' })
    at(2500)
    await fair('1.00')
  })

  test('no page begins a round by itself where the licence forbids it, and may where it does not [RTS-8A] [GLI-4.9.2a]', async () => {
    at(0)
    const seat = await house.sitDown(1000n, london)
    await expect(begun(seat, 'roulette-european', red, true)).rejects.toMatchObject({
      code: 'games.autoplay_forbidden',
    })
    house.rules = { ...house.rules, autoplay: true }
    expect((await begun(seat, 'roulette-european', red, true)).round.status).toBe('settled')
  })
})
