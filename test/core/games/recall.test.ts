import { describe, expect, test, vi } from 'vitest'
import * as games from '#games'
import { doors } from '../../support/doors.ts'
import { balanceOf, begin, house, make, prove, sit, useTable, world } from './doors-table.ts'
import { shelf } from './shelf.ts'

vi.mock('../../../core/games/catalogue.ts', async (original) => (await import('./shelf.ts')).shelved(await original()))
useTable()

describe('recall', () => {
  test('holds what is recorded of each game played, item by item, at once or in steps [GLI-2.8.2] [GLI-4.14.2] [CR-10]', async () => {
    const seat = await sit()
    const spin = { session: seat.session, game: 'roulette-european', choice: { bets: [{ on: 'red', amount: '1.00' }] } }
    const { round: atOnce } = await house.with(() => 1).play({ ...spin, key: 'spin' })
    const begun = await begin(seat)
    await make(seat, begun.round.round, 1, 0)
    const inSteps = await make(seat, begun.round.round, 2, 2)
    const zero = { amount: '0.00', currency: 'EUR' }
    const nothingElse = {
      ...{
        stakedOfIncentives: zero,
        wonOfIncentives: zero,
        wonOfJackpots: zero,
        toJackpots: zero,
        jackpotAwarded: false,
      }, // e, f, k, m
      ...{ purchases: zero, fees: zero, advice: [] }, // g, h, l
    }
    expect(await games.recall(world.sql, seat.wallet, atOnce.round)).toMatchObject({
      at: expect.stringMatching(/Z$/), // a
      denomination: { amount: '0.01', currency: 'EUR' }, // b
      outcome: { number: 1, colour: 'red' }, // c
      balanceBefore: { amount: '10.00' }, // d
      balance: { cash: { amount: '11.00' } },
      stake: { amount: '1.00' }, // e
      win: { amount: '2.00' }, // f
      parts: nothingElse,
      choice: { chips: [['red', '100']] }, // i
      steps: [], // j: there was one
      status: 'settled', // o
      round: atOnce.round, // p
      session: seat.session.id,
      game: 'roulette-european', // q
      version: games.gameOf('roulette-european').version,
      name: 'European Roulette',
      replay: 'identical',
    })
    expect(await games.recall(world.sql, seat.wallet, inSteps.round)).toMatchObject({
      balanceBefore: { amount: '11.00' },
      balance: { cash: { amount: '12.00' } },
      parts: nothingElse,
      choice: { stake: '100' },
      steps: [
        { move: null, outcome: { opened: [] } },
        { move: { open: 0 }, outcome: { opened: [0] } },
        { move: { open: 2 }, outcome: { opened: [0, 2], found: true } },
      ],
      session: seat.session.id,
    })
  })

  test.each([
    ['mines', { stake: '1.00', mines: 3, tile: 0 }],
    ['blackjack', { stake: '1.00' }],
    ['jacks-or-better', { stake: '1.00' }],
    ['tidewrack', { stake: '1.00', gamble: true }],
  ])(
    '%s replays identically, whatever its player did, and hides its draws until it is over [GLI-4.5.2] [GLI-4.14.1]',
    async (id, choice) => {
      const game = games.gameOf(id)
      const seat = await sit(100_000n)
      let waited = 0
      for (let n = 0; n < 12; n++) {
        let { round } = await house.play.play({ session: seat.session, game: id, choice, key: `${n}` })
        while (round.status === 'open') {
          waited++
          expect((await games.recall(world.sql, seat.wallet, round.round)).draws).toEqual([])
          const [row] = await world.admin<Array<{ state: string }>>`
          select state from games.open_rounds where wallet = ${seat.wallet}`
          const move = game.moves!.fallback(JSON.parse(row!.state))
          const wish = {
            wallet: seat.wallet,
            player: seat.player,
            session: seat.session.id,
            round: round.round,
            step: round.step!,
            move,
          }
          round = await world.act((tx) => house.play.move(tx, world.command(), wish))
        }
        expect(await games.recall(world.sql, seat.wallet, round.round)).toMatchObject({ replay: 'identical' })
      }
      expect(waited).toBeGreaterThan(0)
      expect(await games.waitingRounds(world.sql, seat.wallet)).toEqual([])
      await prove()
    },
  )

  test('the last fifty events of a feature and more are there, each with how it came out [GLI-4.14.3]', async () => {
    const seat = await sit(10_000n)
    const long = doors()
    const { read, open } = long.moves!
    long.moves!.read = (state, input) => read({ ...state, opened: [] }, input) // the same door, again and again
    long.moves!.open = open
    shelf.present = [long]
    const { round } = await begin(seat)
    for (let step = 1; step <= 60; step++) await make(seat, round.round, step, 0)
    await make(seat, round.round, 61, 2)
    const { steps, replay } = await games.recall(world.sql, seat.wallet, round.round)
    expect([steps.length, steps.at(-1)!.outcome.found, replay]).toEqual([62, true, 'identical'])
    expect(steps.slice(1, -1).every(({ outcome }) => Array.isArray(outcome.opened) && !('found' in outcome))).toBe(true)
  })

  test('of a slot: boxes are opened, the win is gambled, nobody is told before what lies where, and it is recalled alike [GLI-4.8.5c]', async () => {
    const { weights } = games.gameOf('tidewrack').sheet as { weights: Array<Array<[string, number]>> }
    // Chests wherever the reels stop, so no line pays; every box where it was before; red.
    const reach = weights.map((reel) => reel.reduce((sum, [, weight]) => sum + weight, 0))
    const play = house.with((range) => (reach.includes(range) ? range - 1 : range === 52 ? 0 : range - 1))
    const seat = await sit()
    const { round } = await play.play({
      session: seat.session,
      game: 'tidewrack',
      choice: { stake: '1.00', gamble: true },
      key: 'k',
    })
    expect(round).toMatchObject({
      status: 'open',
      moves: ['open', 'finish'],
      outcome: { pick: { boxes: 12, opened: [] } },
    })
    expect(JSON.stringify(round.outcome)).not.toContain('15')
    const go = (step: number, move: unknown) =>
      world.act((tx) =>
        play.move(tx, world.command(), { ...seat, session: seat.session.id, round: round.round, step, move }),
      )
    expect(await go(1, { move: 'open', box: 8 })).toMatchObject({
      outcome: { pick: { opened: [{ box: 8, prize: 15 }], over: false } },
    })
    await expect(go(2, { move: 'open', box: 8 })).rejects.toMatchObject({ code: 'games.choice_invalid' })
    await expect(go(2, { move: 'gamble', on: 'red' })).rejects.toMatchObject({ code: 'games.choice_invalid' })
    expect(await go(2, { move: 'open', box: 9 })).toMatchObject({
      moves: ['gamble', 'finish'],
      outcome: { gamble: { from: '1500' } },
    })
    expect(await go(3, { move: 'gamble', on: 'red' })).toMatchObject({
      status: 'open',
      outcome: { gamble: { steps: [{ won: true, amount: '3000' }] } },
    })
    expect(await go(4, { move: 'finish' })).toMatchObject({ status: 'settled', win: { amount: '30.00' } })
    expect((await games.recall(world.sql, seat.wallet, round.round)).replay).toBe('identical')
    await prove()
  })

  test('of cards or tiles: whatever the player does it is settled to the coin, and recalled alike, with what it staked on the way [GLI-4.16.2-1]', async () => {
    const choices = {
      blackjack: { stake: '1.00' },
      'jacks-or-better': { stake: '1.00' },
      mines: { stake: '1.00', mines: 3, tile: 12 },
    }
    for (const [game, choice] of Object.entries(choices)) {
      const seat = await sit(100_000n)
      for (let n = 0; n < 12; n++) {
        let { round } = await house.play.play({ session: seat.session, game, choice, key: `${game} ${n}` })
        for (let step = 1; round.status === 'open'; step++) {
          const open = round.moves!
          const name = open[(n + step) % open.length]!
          const picked = (round.outcome as { picked?: number[] }).picked ?? []
          const tile = Array.from({ length: 25 }, (_, place) => place).find((place) => !picked.includes(place))
          const move = { move: name, ...(name === 'hold' ? { hold: [0, 4] } : name === 'reveal' ? { tile } : {}) }
          const asked = { ...seat, session: seat.session.id, round: round.round, step, move }
          round = await world.act((tx) => house.play.move(tx, world.command(), asked))
        }
        const recalled = await games.recall(world.sql, seat.wallet, round.round)
        expect(recalled, `${game} ${JSON.stringify(round.outcome)}`).toMatchObject({
          replay: 'identical',
          status: 'settled',
        })
        const [before, won, staked] = [recalled.balanceBefore, round.win, round.stake].map(({ amount }) =>
          Number(amount),
        )
        expect(Number(round.balance.cash.amount)).toBeCloseTo(before! - staked! + won!, 9)
      }
      expect((await balanceOf(seat))[1]).toBe(0n)
    }
    await prove()
  })
})
