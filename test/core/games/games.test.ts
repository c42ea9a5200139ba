import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as audit from '#audit'
import { numberArray } from '#base'
import * as games from '#games'
import * as ledger from '#ledger'
import * as protection from '#protection'
import * as rng from '#rng'
import * as sessions from '#sessions'
import { type House, openHouse } from '../../support/house.ts'
import { openWorld, type World } from '../../support/world.ts'

const roulette = games.gameOf('roulette-european')
const slot = games.gameOf('midnight-orchard')

describe('mathematics', () => {
  test('every bet of the roulette table returns exactly 36/37 [GLI-4.7.1a]', () => {
    for (const on of Object.keys(roulette.sheet.bets as object)) {
      const choice = roulette.readChoice({ bets: [{ on, amount: '1.00' }] }, 'EUR')
      let won = 0n
      for (let number = 0; number < 37; number++) won += roulette.play(choice, () => number).win
      expect(won, on).toBe(3600n)
    }
  })

  test.each(games.catalogue())(
    '$id: a round follows from its draws alone, whatever was won before, and asks for them alike [GLI-4.5.2d-i] [GLI-4.5.2d-ii] [GLI-4.6.5]',
    async (game) => {
      const generator = await rng.createGenerator({
        sources: { kernel: async (bytes) => randomBytes(bytes) },
        personalisation: 'test',
      })
      const choice = game.readChoice(game.sample, 'EUR')
      const play = (draws: rng.Draws) =>
        JSON.stringify(game.play(choice, draws), (_, value) => (typeof value === 'bigint' ? String(value) : value))
      const rounds = Array.from({ length: 3000 }, () => {
        const record = rng.record(generator.stream())
        return { result: play(record.draws), taken: record.taken }
      })
      generator.close()
      expect(new Set(rounds.map(({ taken }) => JSON.stringify(taken))).size).toBeGreaterThan(30)
      // After another past, the last one first; a chance that had changed would ask for another draw.
      for (const { result, taken } of [...rounds.toReversed(), ...rounds]) {
        const tape = rng.replay(taken)
        expect(play(tape.draws)).toBe(result)
        expect(tape.finished()).toBe(true)
      }
    },
  )

  test('a choice is read exactly or refused with a code', () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        for (const game of games.catalogue())
          try {
            game.readChoice(input, 'EUR')
          } catch (error) {
            expect(error).toMatchObject({ code: expect.stringMatching(/^(games|base)\./) })
          }
      }),
    )
    for (const bets of [
      [],
      [{ on: 'straight:37', amount: '1.00' }],
      [{ on: 'red', amount: '-1' }],
      [{ on: 'red', amount: '1.001' }],
      [
        { on: 'red', amount: '1' },
        { on: 'red', amount: '1' },
      ],
    ])
      expect(() => roulette.readChoice({ bets }, 'EUR')).toThrow()
  })
})

describe('settlement', () => {
  let world: World
  let house: House
  beforeAll(async () => {
    world = await openWorld()
    house = await openHouse(world)
  })
  afterAll(async () => {
    await house.close()
    await world.stop()
  })

  const sitDown = (cash: bigint) => house.sitDown(cash)
  /** The same casino at whose wheel these numbers come. */
  const playWith = (numbers: () => number) => house.with(numbers)
  const bet = (session: games.Order['session'], key: string, amount = '1.00') =>
    house.play.play({ session, game: 'roulette-european', choice: { bets: [{ on: 'red', amount }] }, key })

  test('a round is booked, written and recalled identically, with its version; a repeat gets the same bytes [CR-10]', async () => {
    const { wallet, session } = await sitDown(10_000n)
    const first = await bet(session, 'k1')
    const again = await bet(session, 'k1')
    expect(again.replayed).toBe(true)
    expect(JSON.stringify(again.round)).toBe(JSON.stringify(first.round))
    await expect(bet(session, 'k1', '2.00')).rejects.toMatchObject({ code: 'base.key_reused' })
    const spin = await house.play.play({ session, game: 'midnight-orchard', choice: { stake: '1.00' }, key: 'k2' })
    for (const { round } of [first, spin])
      expect((await games.recall(world.sql, wallet, round.round)).replay).toBe('identical')
    const written = await world.admin`select game, version from games.rounds where wallet = ${wallet} order by transfer`
    expect(written).toEqual([roulette, slot].map(({ id, version }) => ({ game: id, version })))
    expect((await games.history(world.sql, wallet, { limit: 10 })).map((round) => round.round)).toEqual([
      spin.round.round,
      first.round.round,
    ])
    expect((await ledger.prove(world.sql)).ok).toBe(true)
  })

  test('whatever number comes is the outcome, forty wins in a row, of a house that has nothing left, or forty losses [GLI-4.5.2] [GLI-4.5.2b] [GLI-4.5.2c] [RTS-7A-2]', async () => {
    const red = [1, 3, 5, 7, 9, 12, 14, 16, 18, 19, 21, 23, 25, 27, 30, 32, 34, 36]
    const { session } = await sitDown(10_000n)
    const spin = async (number: number, key: string) => {
      const order = { session, game: roulette.id, choice: { bets: [{ on: 'red', amount: '1.00' }] }, key }
      const drawn: number[] = []
      const { round } = await playWith(() => drawn.push(number) && (drawn.length === 1 ? number : 5)).play(order)
      expect(drawn, 'no second draw').toHaveLength(1)
      expect(round.outcome.number, key).toBe(number) // a loss too is shown as the number it was
      expect(round.win.amount, key).toBe(red.includes(number) ? '2.00' : '0.00')
    }
    for (let i = 0; i < 40; i++) await spin(36, `won ${i}`)
    const house = await ledger.houseBalances(world.sql)
    expect(house.find(({ account }) => account === 'games.revenue')!.balance).toBeLessThan(0n)
    for (let i = 0; i < 40; i++) await spin(0, `lost ${i}`)
    for (let number = 0; number < 37; number++) await spin(number, `each ${number}`)
    const drawn: number[] = []
    const reels = playWith(() => drawn[drawn.push((drawn.length * 7) % 20) - 1]!)
    const { round } = await reels.play({ session, game: slot.id, choice: { stake: '1.00' }, key: 'reels' })
    const { base, free } = round.outcome as { base: { stops: number[] }; free: Array<{ stops: number[] }> }
    expect([base, ...free].flatMap(({ stops }) => stops)).toEqual(drawn)
  })

  test('nothing that a client says has a part in an outcome but its bet [GLI-2.6.5g]', async () => {
    const { session } = await sitDown(10_000n)
    const bets = [{ on: 'straight:17', amount: '1.00' }]
    const wishes = [{ outcome: { number: 17 } }, { number: 17 }, { win: '36.00' }, { draws: [['wheel', 37, 17]] }]
    for (const [i, wish] of wishes.entries()) {
      const order = { session, game: roulette.id, choice: { bets, ...wish }, key: `wish ${i}`, ...wish }
      const answer = await playWith(() => 4)
        .play(order)
        .catch(({ code }: { code: string }) => code)
      if (typeof answer === 'string') expect(answer).toBe('games.choice_invalid')
      else expect(answer.round).toMatchObject({ outcome: { number: 4 }, win: { amount: '0.00' } })
    }
  })

  test('a flipped draw or outcome is noticed, and nobody sees somebody else’s round', async () => {
    const { wallet, session } = await sitDown(10_000n)
    const { round } = await bet(session, 'k1')
    const drawn = Number(round.outcome.number)
    await world.admin`update games.rounds set draws = ${JSON.stringify([['wheel', 37, (drawn + 1) % 37]])} where wallet = ${wallet}`
    expect((await games.recall(world.sql, wallet, round.round)).replay).toBe('different')
    await expect(games.recall(world.sql, wallet + 1n, round.round)).rejects.toMatchObject({
      code: 'games.round_unknown',
    })
  })

  test('without money, with an ended session, or barred, nothing is booked', async () => {
    const poor = await sitDown(50n)
    await expect(bet(poor.session, 'k')).rejects.toMatchObject({ code: 'ledger.insufficient_funds' })
    const gone = await sitDown(1000n)
    await world.act((tx) => sessions.end(tx, world.command(), gone.session.id))
    await expect(bet(gone.session, 'k')).rejects.toMatchObject({ code: 'sessions.ended' })
    const away = await sitDown(1000n)
    await bet(away.session, 'before')
    await world.act((tx) =>
      protection.exclude(tx, world.command(), { player: away.player, wallet: away.wallet, months: 6 }),
    )
    await expect(bet(away.session, 'after')).rejects.toMatchObject({ code: 'protection.self_excluded' }) // [GLI-A.3.8b-1]
    expect((await bet(away.session, 'before')).replayed).toBe(true) // what was played stays answered
  })

  test('a closed game takes no bets, and what was played stays answered; when and why is in the log [GLI-2.4.1b] [GLI-4.15.1-2] [GLI-A.6.3]', async () => {
    const { session } = await sitDown(1000n)
    await bet(session, 'before')
    const close = () =>
      world.act((tx) => games.close(tx, world.command(), { game: roulette.id, reason: 'the wheel is looked at' }))
    await close()
    await expect(close()).rejects.toMatchObject({ code: 'games.closed_already' })
    await expect(bet(session, 'k')).rejects.toMatchObject({ code: 'games.closed' })
    expect((await bet(session, 'before')).replayed).toBe(true)
    const [standing] = (await games.standings(world.sql)).filter(({ game }) => game === roulette)
    expect(standing).toMatchObject({ state: 'closed', closed: { reason: 'the wheel is looked at' } })
    const [event] = await audit.search(world.sql, { code: 'games.closed', limit: 1 })
    expect(event).toMatchObject({ subject: roulette.id, reason: 'the wheel is looked at', actor: { id: 'test' } })
    expect(Date.parse(event!.at)).toBeCloseTo(Date.now(), -4)
    // Nobody opens it, nor offers a version, without the approval of another.
    for (const open of [
      () => world.act((tx) => games.open(tx, world.command(), { game: roulette.id, proposal: 'prp_none' })),
      () =>
        world.act((tx) =>
          games.offer(tx, world.command(), {
            ...{ game: roulette.id, version: roulette.version, rtp: games.returnOf(roulette) },
            proposal: 'prp_none',
          }),
        ),
    ])
      await expect(open()).rejects.toMatchObject({ code: 'staff.proposal_unknown' })
    await world.admin`delete from games.closures`
    expect((await bet(session, 'k')).replayed).toBe(false)
  })

  test('only the version that is offered takes bets: the first installation’s, then what two let in [GLI-A.6.1b]', async () => {
    const { session } = await sitDown(1000n)
    const see = () => world.act((tx) => games.seeCatalogue(tx, world.command()))
    const stateOf = async () => (await games.standings(world.sql)).find(({ game }) => game === roulette)!.state
    await see()
    expect([await stateOf(), (await bet(session, 'a')).replayed]).toEqual(['open', false])
    // As after an upgrade that brings other mathematics, and one that brings a new game.
    for (const before of ['00000000000000aa', null]) {
      await world.admin`
        update games.offers set version = ${before}, rtp = ${before && '95 %'} where game = ${roulette.id}`
      await see()
      expect(await stateOf()).toBe('waits')
      await expect(bet(session, `b ${before}`)).rejects.toMatchObject({ code: 'games.closed' })
      expect((await bet(session, 'a')).replayed).toBe(true)
    }
    await world.admin`delete from games.offers`
  })

  test('wagers and wins of a day are told when their sum becomes large, once for each day [GLI-2.8.8d] [GLI-2.8.8e]', async () => {
    const bounds = { stakesPerDay: '3.00', winsPerDay: '4.00' }
    await world.admin`
      update licences.licences set rules = jsonb_set(rules, '{significant,EUR}', rules #> '{significant,EUR}' || ${world.sql.json(bounds)})`
    const one = await sitDown(10_000n)
    const other = await sitDown(10_000n)
    const startedAt = Math.floor(Date.now() / 86_400_000) * 86_400_000 + 1000 // no midnight comes between
    /** Time goes by for the sums alone. */
    const sum = async (seconds: number) => {
      const settled = new Date(startedAt + 120_000 + seconds * 1000)
      while ((await world.act((tx) => games.sumDays(tx, world.command(settled)))).more);
    }
    const told = async () => {
      const codes = ['games.large_stakes_of_day', 'games.large_wins_of_day'] as const
      const found = await Promise.all(codes.map((code) => audit.search(world.sql, { code, limit: 20 })))
      return found.flat().filter(({ subject }) => subject === one.player || subject === other.player)
    }
    await bet(one.session, 'd1')
    await bet(one.session, 'd2')
    await bet(other.session, 'd1', '2.99')
    await world.admin`update games.rounds set win = 0, at = ${new Date(startedAt)} where wallet = ${one.wallet} or wallet = ${other.wallet}`
    await sum(60)
    expect(await told(), 'below each bound, whatever others played').toEqual([])

    const copy = (transfer: bigint, stake: bigint, win: bigint, seconds: number) => world.admin`
      insert into games.rounds select (r).* from (
        select jsonb_populate_record(r, jsonb_build_object('transfer', ${transfer}::bigint, 'stake', ${stake}::bigint, 'win', ${win}::bigint,
          'at', ${new Date(startedAt + seconds * 1000)}::timestamptz)) as r
        from games.rounds r where wallet = ${one.wallet} limit 1) as each`
    const today = new Date(startedAt).toISOString().slice(0, 10)
    await copy(1n, 100n, 0n, 90)
    await sum(120)
    await sum(120)
    await sum(121)
    const [first, ...more] = await told()
    expect(more).toEqual([])
    expect(first).toMatchObject({
      code: 'games.large_stakes_of_day',
      detail: { day: today, currency: 'EUR', rounds: 3, staked: '300', won: '0' },
    })
    await copy(2n, 100n, 400n, 150)
    await sum(180)
    expect((await told()).map(({ code, detail }) => [code, detail?.won])).toEqual([
      ['games.large_stakes_of_day', '0'],
      ['games.large_wins_of_day', '400'],
    ])
    await copy(3n, 500n, 0n, 86_400 + 90)
    await sum(86_400 + 120)
    expect((await told()).map(({ detail }) => detail?.staked).sort()).toEqual(['300', '400', '500'])
    await world.admin`delete from games.rounds where wallet = ${one.wallet} and transfer < 10`
  })

  test('the batch functions answer for wallets nobody has', async () => {
    const rows = await world.sql.unsafe('select * from protection.barred($1::text::bigint[], now())', [
      numberArray([1n, 99_999n]),
    ])
    expect(rows.length).toBe(0)
  })
})
