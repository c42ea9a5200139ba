import { describe, expect, test, vi } from 'vitest'
import * as audit from '#audit'
import * as games from '#games'
import * as protection from '#protection'
import * as sessions from '#sessions'
import { doors } from '../../support/doors.ts'
import { balanceOf, begin, house, make, prove, sit, table, useTable, world } from './doors-table.ts'
import { shelf } from './shelf.ts'

vi.mock('../../../core/games/catalogue.ts', async (original) => (await import('./shelf.ts')).shelved(await original()))
useTable()

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
