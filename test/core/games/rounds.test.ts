import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import * as audit from '#audit'
import * as games from '#games'
import * as ledger from '#ledger'
import * as protection from '#protection'
import * as sessions from '#sessions'
import { type Doors, doors } from '../../support/doors.ts'
import { type House, openHouse } from '../../support/house.ts'
import { openWorld, type World } from '../../support/world.ts'

/** What stands in the catalogue besides: a small game of several steps, present and earlier versions of it. */
const shelf = vi.hoisted(() => ({ present: [] as unknown[], earlier: [] as unknown[] }))
vi.mock('../../../core/games/catalogue.ts', async (original) => {
  const real = await original<typeof import('../../../core/games/catalogue.ts')>()
  const on = (part: unknown[], id: string, version?: string) =>
    (part as Doors[]).find((game) => game.id === id && (version === undefined || game.version === version))
  return {
    ...real,
    catalogue: () => [...real.catalogue(), ...(shelf.present as Doors[])],
    gameOf: (id: string, version?: string) =>
      on(shelf.present, id, version) ??
      on(version === undefined ? [] : shelf.earlier, id, version) ??
      real.gameOf(on(shelf.present, id) ? 'roulette-european' : id, version),
  }
})

let world: World
let house: House
/** Behind the third door is the prize. */
let table: games.Games
beforeAll(async () => {
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

type Seat = Awaited<ReturnType<House['sitDown']>>
const sit = (cash = 1000n) => house.sitDown(cash)
const begin = (seat: Seat, key = 'k', stake = '1.00', play = table) =>
  play.play({ session: seat.session, game: 'doors', choice: { stake }, key })
const make = (seat: Seat, round: string, step: number, open: unknown, play = table) =>
  world.act((tx) =>
    play.move(tx, world.command(house.at), {
      ...{ wallet: seat.wallet, player: seat.player, session: seat.session.id },
      ...{ round, step, move: { open } },
    }),
  )
const balanceOf = async ({ wallet }: Seat) => {
  const { cash, held } = await ledger.balance(world.sql, wallet)
  return [cash, held]
}
const prove = async () => expect((await ledger.prove(world.sql)).checks.filter(({ ok }) => !ok)).toEqual([])

describe('a round of several steps', () => {
  test('its stake is held and seen until it is settled, in one transfer, with all its steps [GLI-4.16.2-1] [GLI-4.16.2-2] [GLI-4.3.3b]', async () => {
    const seat = await sit()
    const { round } = await begin(seat)
    expect(round).toMatchObject({ status: 'open', step: 1, stake: { amount: '1.00' }, win: { amount: '0.00' } })
    expect(round.balance).toMatchObject({ cash: { amount: '9.00' }, held: { amount: '1.00' } })
    expect(round.moves).toEqual(['double', 'leave', '0', '1', '2', '3'])
    expect(await balanceOf(seat)).toEqual([900n, 100n])

    const missed = await make(seat, round.round, 1, 0)
    expect(missed).toMatchObject({ status: 'open', step: 2, outcome: { opened: [0] } })
    const doubled = await make(seat, round.round, 2, 'double')
    expect(doubled).toMatchObject({ step: 3, stake: { amount: '2.00' }, balance: { held: { amount: '2.00' } } })
    expect(await balanceOf(seat)).toEqual([800n, 200n])

    const won = await make(seat, round.round, 3, 2)
    expect(won).toMatchObject({
      round: round.round,
      status: 'settled',
      stake: { amount: '2.00' },
      win: { amount: '4.00' },
    })
    expect(await balanceOf(seat)).toEqual([1200n, 0n])
    expect(await games.waitingRounds(world.sql, seat.wallet)).toEqual([])

    const again = await games.recall(world.sql, seat.wallet, round.round)
    expect(again).toMatchObject({ status: 'settled', replay: 'identical', balanceBefore: { amount: '10.00' } })
    expect(again.steps.map(({ move, by, stake }) => [move, by, stake.amount])).toEqual([
      [null, 'player', '1.00'],
      [{ open: 0 }, 'player', '1.00'],
      [{ open: 'double' }, 'player', '2.00'],
      [{ open: 2 }, 'player', '2.00'],
    ])
    expect(again.draws).toEqual([
      ['prize', 5, 2],
      ['dust', 6, 0],
      ['dust', 6, 0],
    ])
    await prove()
  })

  test('one that the first draw ends is settled at once, and a repeat of either kind gets the same bytes whatever is drawn then', async () => {
    const seat = await sit()
    const over = house.with(() => 4)
    const first = await begin(seat, 'over', '1.00', over)
    expect(first.round).toMatchObject({ status: 'settled', outcome: { prize: 4 } })
    const waits = await begin(seat, 'waits')
    for (const play of [over, table]) {
      expect(await begin(seat, 'over', '1.00', play)).toEqual({ round: first.round, replayed: true })
      expect(await begin(seat, 'waits', '1.00', play)).toEqual({ round: waits.round, replayed: true })
      await expect(begin(seat, 'over', '2.00', play)).rejects.toMatchObject({ code: 'base.key_reused' })
      await expect(begin(seat, 'waits', '2.00', play)).rejects.toMatchObject({ code: 'base.key_reused' })
    }
    await make(seat, waits.round.round, 1, 2)
    for (const play of [over, table])
      expect(await begin(seat, 'waits', '1.00', play)).toEqual({ round: waits.round, replayed: true })
    expect(await balanceOf(seat)).toEqual([1000n, 0n])
    await prove()
  })

  test('comes back exactly as it was left, to its player only, and hides what is hidden [GLI-4.16.3b] [GLI-2.6.5g]', async () => {
    const seat = await sit()
    const { round } = await begin(seat)
    const left = await make(seat, round.round, 1, 1)
    expect(await games.waitingRounds(world.sql, seat.wallet)).toEqual([left])
    expect(await games.history(world.sql, seat.wallet, { limit: 5 })).toEqual([left])
    const shown = await games.recall(world.sql, seat.wallet, round.round)
    expect(shown).toMatchObject({ replay: 'open', draws: [], status: 'open' })
    for (const told of [round, left, shown]) expect(JSON.stringify(told)).not.toContain('prize')
    const other = await sit()
    expect(await games.waitingRounds(world.sql, other.wallet)).toEqual([])
    await expect(make(other, round.round, 2, 2)).rejects.toMatchObject({ code: 'games.round_unknown' })
    await expect(games.recall(world.sql, other.wallet, round.round)).rejects.toMatchObject({
      code: 'games.round_unknown',
    })
  })

  test('must be over before another of its game begins, in one step or several; other games may be played [GLI-4.16.3] [GLI-4.3.3e]', async () => {
    const seat = await sit()
    const { round } = await begin(seat)
    await expect(begin(seat, 'second')).rejects.toMatchObject({ code: 'games.round_open' })
    await expect(
      begin(
        seat,
        'second',
        '1.00',
        house.with(() => 4),
      ),
    ).rejects.toMatchObject({ code: 'games.round_open' })
    const spin = { session: seat.session, game: 'roulette-european', choice: { bets: [{ on: 'red', amount: '1.00' }] } }
    await house.play.play({ ...spin, key: 'r' })
    await make(seat, round.round, 1, 2)
    expect((await begin(seat, 'second')).round.status).toBe('open')
    const other = await sit()
    const both = await Promise.allSettled([begin(other, 'a'), begin(other, 'b')])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await balanceOf(other)).toEqual([900n, 100n])
    await prove()
  })

  test('of two moves at the same moment one decides; the other learns that the round went on', async () => {
    const seat = await sit()
    const { round } = await begin(seat)
    const both = await Promise.allSettled([make(seat, round.round, 1, 0), make(seat, round.round, 1, 'leave')])
    const lost = both.find((each) => each.status === 'rejected') as PromiseRejectedResult
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(['games.step_differs', 'games.round_over']).toContain((lost.reason as { code: string }).code)
    await expect(make(seat, round.round, 1, 0)).rejects.toMatchObject({ code: lost.reason.code })
    await expect(make(seat, 'rnd_999999999', 1, 0)).rejects.toMatchObject({ code: 'games.round_unknown' })
    await prove()
  })

  test('a move that the state does not allow, or that cannot be paid, leaves the round as it was', async () => {
    const seat = await sit(150n)
    const { round } = await begin(seat)
    for (const move of [7, 'open sesame', null, { open: 0 }])
      await expect(make(seat, round.round, 1, move)).rejects.toMatchObject({ code: 'games.choice_invalid' })
    await expect(make(seat, round.round, 1, 'double')).rejects.toMatchObject({ code: 'ledger.insufficient_funds' })
    expect(await games.waitingRounds(world.sql, seat.wallet)).toEqual([round])
    expect(await balanceOf(seat)).toEqual([50n, 100n])
    const poor = await sit(50n)
    await expect(begin(poor)).rejects.toMatchObject({ code: 'ledger.insufficient_funds' })
    expect(await games.waitingRounds(world.sql, poor.wallet)).toEqual([])
  })

  test('who excluded themselves during one stakes no more, and the round still settles [CR-15] [GLI-A.3.8b-1]', async () => {
    const seat = await sit()
    const { round } = await begin(seat)
    await world.act((tx) => protection.exclude(tx, world.command(), { ...seat, months: 6 }))
    await expect(make(seat, round.round, 1, 'double')).rejects.toMatchObject({ code: 'protection.self_excluded' })
    expect((await make(seat, round.round, 1, 2)).status).toBe('settled')
    await expect(begin(seat, 'next')).rejects.toMatchObject({ code: 'protection.self_excluded' })
    const gone = await sit()
    const theirs = await begin(gone)
    await world.act((tx) => sessions.end(tx, world.command(), gone.session.id))
    await expect(make(gone, theirs.round.round, 1, 'double')).rejects.toMatchObject({ code: 'sessions.ended' })
    await prove()
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

  test('where it leaves nothing to decide, it completes by itself, and says that the platform did [GLI-4.16.3a]', async () => {
    shelf.present = [doors({ waitsForNothing: true })]
    const seat = await sit()
    const first = await begin(seat)
    expect(first.round).toMatchObject({ status: 'settled', win: { amount: '0.50' } })
    expect(await begin(seat)).toEqual({ round: first.round, replayed: true })
    const { steps, replay } = await games.recall(world.sql, seat.wallet, first.round.round)
    expect([steps.map(({ by }) => by), replay]).toEqual([['player', 'platform'], 'identical'])
    expect(await balanceOf(seat)).toEqual([950n, 0n])
  })

  test('when the mathematics fail, every stake goes back, it is told as a significant event, and the version is closed [GLI-A.6.4a] [GLI-A.6.4b] [GLI-A.6.4c] [GLI-A.6.4d]', async () => {
    shelf.present = [doors({ breaksAt: 3 })]
    const seat = await sit()
    const { round } = await begin(seat)
    await make(seat, round.round, 1, 'double')
    const voided = await make(seat, round.round, 2, 3)
    expect(voided).toMatchObject({ status: 'voided', win: { amount: '0.00' }, balance: { cash: { amount: '10.00' } } })
    expect(await balanceOf(seat)).toEqual([1000n, 0n])
    expect((await games.history(world.sql, seat.wallet, { limit: 5 })).map(({ status }) => status)).toEqual(['voided'])
    expect(await games.recall(world.sql, seat.wallet, round.round)).toMatchObject({
      status: 'voided',
      replay: 'identical',
    })
    const [event] = await audit.search(world.sql, { code: 'games.round_voided', limit: 1 })
    expect(event).toMatchObject({
      subject: round.round,
      detail: { stake: '200', game: 'doors' },
      actor: { kind: 'system' },
    })
    expect(audit.significantCodes).toContain('games.round_voided')
    await expect(begin(seat, 'next')).rejects.toMatchObject({ code: 'games.closed' })
    const [standing] = (await games.standings(world.sql)).filter(({ game }) => game.id === 'doors')
    expect(standing).toMatchObject({ state: 'closed', closed: { reason: expect.stringContaining('no handle') } })
    await expect(make(seat, round.round, 2, 3)).rejects.toMatchObject({ code: 'games.round_over' })
    await prove()
  })
})

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
})

describe('a round nobody comes back to', () => {
  const hours = (many: number) => new Date(Date.now() + many * 3_600_000)
  /** As the worker does each minute. */
  const sweep = async (now: Date) => {
    const due = await games.abandonedRounds(world.sql, house.rules, now, 100)
    const ended = []
    for (const each of due)
      ended.push(await world.act((tx) => games.conclude(tx, world.command(now), house.parts, each)))
    return ended
  }
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

  test('is finished on the version it began with; no other goes on with it, and when that one is gone every stake goes back [GLI-A.5.1e-1] [GLI-A.6.1b] [GLI-A.6.4a] [GLI-A.6.4b]', async () => {
    const [seat, stays] = [await sit(), await sit()]
    const { round } = await begin(seat)
    const left = await begin(stays)
    shelf.earlier = shelf.present
    shelf.present = [doors({ version: 'd00000000000000b' })]
    expect((await make(seat, round.round, 1, 2)).version).toBe('d00000000000000a')
    expect((await games.recall(world.sql, seat.wallet, round.round)).replay).toBe('identical')
    expect((await begin(seat, 'next')).round.version).toBe('d00000000000000b')

    shelf.earlier = []
    expect((await games.recall(world.sql, seat.wallet, round.round)).replay).toBe('version_not_here')
    await expect(make(stays, left.round.round, 1, 2)).rejects.toMatchObject({ code: 'games.version_not_here' })
    expect(await sweep(new Date())).toEqual([])
    expect(await sweep(hours(0.2))).toMatchObject([{ round: left.round.round, status: 'voided' }])
    expect(await balanceOf(stays)).toEqual([1000n, 0n])
    const [standing] = (await games.standings(world.sql)).filter(({ game }) => game.id === 'doors')
    expect(standing?.state, 'the version of now would not fail').toBe('open')
    await prove()
  })

  test('whose rules fail to end it is voided, and the version closed [GLI-A.6.4d]', async () => {
    const seat = await sit()
    await begin(seat)
    const broken = doors()
    broken.moves!.fallback = () => ({ open: 'sesame' })
    shelf.present = [broken]
    expect(await sweep(hours(25))).toMatchObject([{ status: 'voided' }])
    await expect(begin(seat, 'next')).rejects.toMatchObject({ code: 'games.closed' })
    await prove()
  })
})

test.each([
  ['a game', { game: 'doors' }],
  ['a version of it', { game: 'doors', version: 'd00000000000000a' }],
  ['all play', { game: '*' }],
])(
  '%s is closed at once: no round begins, one that waits is finished with all it brings [GLI-2.4.1a] [GLI-2.4.1b] [GLI-4.15.1-1] [GLI-4.15.1-2] [GLI-A.6.3]',
  async (_, what) => {
    const seat = await sit()
    const { round } = await begin(seat)
    const close = () => world.act((tx) => games.close(tx, world.command(), { ...what, reason: 'looks odd' }))
    await close()
    await expect(close()).rejects.toMatchObject({ code: 'games.closed_already' })
    await make(seat, round.round, 1, 'double')
    expect((await make(seat, round.round, 2, 2)).status).toBe('settled')
    await expect(begin(seat, 'next')).rejects.toMatchObject({ code: 'games.closed' })
    const spin = { session: seat.session, game: 'roulette-european', choice: { bets: [{ on: 'red', amount: '1.00' }] } }
    const other = house.play.play({ ...spin, key: 'r' })
    if (what.game === '*') await expect(other).rejects.toMatchObject({ code: 'games.closed' })
    else await other
    const events = await audit.search(world.sql, { code: 'games.closed', limit: 20 })
    expect(events.find(({ subject }) => subject === what.game)).toBeDefined()
    const [standing] = (await games.standings(world.sql)).filter(({ game }) => game.id === 'doors')
    expect(standing).toMatchObject({ state: 'closed', closed: { what } })
    shelf.present = [doors({ version: 'd00000000000000b' })]
    const next = begin(seat, 'other version')
    if ('version' in what) expect((await next).round.status).toBe('open')
    else await expect(next).rejects.toMatchObject({ code: 'games.closed' })
    await world.admin`delete from games.closures`
  },
)

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

  test('of two starts at the same moment one is too soon, whoever serves it', async () => {
    const seat = await house.sitDown(1000n, london)
    at(0)
    const other = await openHouse(world)
    Object.assign(other, { rules: house.rules, at: house.at })
    const order = { session: seat.session, game: 'roulette-european', choice: red }
    const both = await Promise.allSettled([
      house.play.play({ ...order, key: 'a' }),
      other.play.play({ ...order, key: 'b' }),
    ])
    await other.close()
    const refused = both.filter((each) => each.status === 'rejected')
    expect(refused).toMatchObject([{ reason: { code: 'games.too_soon' } }])
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
