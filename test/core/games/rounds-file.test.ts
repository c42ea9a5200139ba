import { expect, test, vi } from 'vitest'
import type { Reader } from '#base'
import * as games from '#games'
import * as ledger from '#ledger'
import * as sessions from '#sessions'
import { recordsOf } from '../../support/csv.ts'
import { doors } from '../../support/doors.ts'
import { rightAttempt } from '../../support/sign-in.ts'
import { begin, house, make, sit, useTable, world } from './doors-table.ts'
import { shelf } from './shelf.ts'

vi.mock('../../../core/games/catalogue.ts', async (original) => (await import('./shelf.ts')).shelved(await original()))
useTable()

/** Rounds as files, for analysis and audit. */
async function whole(chunks: AsyncIterable<string>): Promise<Array<Record<string, string>>> {
  let text = ''
  for await (const chunk of chunks) text += chunk
  expect(text.endsWith('\r\n')).toBe(true)
  return recordsOf(text)
}
const fileOf = async (wallet: bigint, filter: games.RoundsFilter = {}) =>
  whole(games.walletRoundsCsv(world.sql, world.agent.keys, await games.walletRounds(world.sql, wallet, filter)))
const fileOfAll = (now: Date, filter: games.RoundsFilter & { from: Date }, reader: Reader = world.sql) =>
  whole(games.roundsOfAllCsv(reader, world.agent.keys, games.roundsOfAll(now, filter)))

test('a player’s file has what is recorded of each game that is over, settled or voided, as recall tells it; not what waits [GLI-2.8.1b] [GLI-2.8.2]', async () => {
  const seat = await sit()
  const bets = [{ on: 'red', amount: '1.00' }]
  const spin = { session: seat.session, game: 'roulette-european', choice: { bets } }
  const { round: atOnce } = await house.with(() => 1).play({ ...spin, key: 'spin' })
  const inSteps = await begin(seat, 'steps')
  await make(seat, inSteps.round.round, 1, 0)
  await make(seat, inSteps.round.round, 2, 2)
  shelf.present = [doors({ breaksAt: 3 })]
  const broken = await begin(seat, 'broken')
  await make(seat, broken.round.round, 1, 'double')
  await make(seat, broken.round.round, 2, 3)
  await world.admin`delete from games.closures`
  const fixed = await games.walletRounds(world.sql, seat.wallet, {})
  const waits = await begin(seat, 'waits')

  const lines = await whole(games.walletRoundsCsv(world.sql, world.agent.keys, fixed))
  expect(lines.map(({ round }) => round)).toEqual([atOnce.round, inSteps.round.round, broken.round.round])
  const minor = ({ amount }: { amount: string }) => amount.replace('.', '').replace(/^0+(?=\d)/, '')
  for (const line of lines) {
    const told = await games.recall(world.sql, seat.wallet, line.round!)
    expect(line).toMatchObject({
      ...{ at: told.at, begun_at: told.begunAt, denomination: told.denomination.amount }, // a, b
      ...{ cash_before: minor(told.balanceBefore), cash: minor(told.balance.cash), held: minor(told.balance.held) }, // d
      ...{ currency: 'EUR', stake: minor(told.stake), win: minor(told.win) }, // e, f
      ...{ staked_of_incentives: '0', won_of_incentives: '0', won_of_jackpots: '0', to_jackpots: '0', country: '' },
      ...{ status: told.status, round: told.round, session: seat.session.id }, // o, p
      ...{ game: told.game, name: told.name, kind: told.kind, version: told.version, player: seat.player }, // q, r
    })
    expect(JSON.parse(line.outcome!)).toEqual(told.outcome) // c
    expect(JSON.parse(line.choice!)).toEqual(told.choice) // i
    expect(JSON.parse(line.draws!)).toEqual(told.draws)
    const steps = JSON.parse(line.steps || '[]') as Array<{ outcome: unknown }>
    expect(steps.map(({ outcome }) => outcome)).toEqual(told.steps.map(({ outcome }) => outcome)) // j
  }
  expect(lines.map(({ reason }) => reason)).toEqual(['', '', expect.stringContaining('no handle')])
  expect(lines.map(({ stake, win, cash_before, cash }) => [stake, win, cash_before, cash])).toEqual([
    ['100', '200', '1000', '1100'],
    ['100', '200', '1100', '1200'],
    ['200', '0', '1200', '1200'],
  ])

  expect((await fileOf(seat.wallet, { game: 'doors' })).map(({ status }) => status)).toEqual(['settled', 'voided'])
  const last = new Date(lines[2]!.at!)
  expect((await fileOf(seat.wallet, { from: last })).map(({ round }) => round)).toContain(broken.round.round)
  expect((await fileOf(seat.wallet, { until: new Date(lines[0]!.at!) })).length).toBe(0)
  await make(seat, waits.round.round, 1, 2)
  expect(
    await whole(games.walletRoundsCsv(world.sql, world.agent.keys, fixed)),
    'what ended since is not in it',
  ).toEqual(lines)
  expect(await fileOf(seat.wallet)).toHaveLength(4)
})

test('everybody’s file has each round of the span once, in the order of their ends, in bursts and after silence; not the newest, which may not all be there [GLI-2.8.1b]', async () => {
  const [one, other] = [await sit(), await sit()]
  const from = new Date('2026-02-01T00:00:00.000Z')
  const after = (seconds: number) => new Date(from.getTime() + seconds * 1000)
  // A burst of one instant, a busy minute, a quiet hour, and one after forty days.
  const instants = [
    ...Array.from({ length: 1203 }, () => after(7)),
    ...Array.from({ length: 1500 }, (_, n) => after(60 + (n % 600) / 10)),
    ...Array.from({ length: 60 }, (_, n) => after(3600 + 60 * n)),
    after(40 * 86_400),
  ]
  const rows = instants.map((at, n) => ({
    ...{ wallet: String(n % 3 ? one.wallet : other.wallet), transfer: 1_000_000 + n, at: at.toISOString() },
    game: n % 5 ? 'dice' : 'limbo',
  }))
  await world.admin`
    insert into games.rounds (wallet, transfer, session, game, version, stake, win, choice, draws, outcome, cash, bonus, held, at)
    select wallet, transfer, 'ses_1', game, 'v', 100, 0, '{}', '[]', '{"text":"=1+1, \\"quoted\\""}', 900, 0, 0, at
    from jsonb_to_recordset(${world.admin.json(rows)}) as r (wallet bigint, transfer bigint, at timestamptz, game text)`

  const now = after(41 * 86_400)
  let linesMax = 0
  let text = ''
  for await (const chunk of games.roundsOfAllCsv(world.sql, world.agent.keys, games.roundsOfAll(now, { from }))) {
    linesMax = Math.max(linesMax, chunk.split('\r\n').length - 1)
    text += chunk
    const [busy] = await world.admin<Array<{ held: number }>>`
      select count(*)::int as held from pg_stat_activity
      where datname = current_database() and usename = 'countroom_app' and (state <> 'idle' or backend_xmin is not null)`
    expect(busy?.held, 'a connection at work, or a snapshot kept').toBe(0)
  }
  expect(linesMax, 'what is in memory at once').toBeLessThanOrEqual(500)
  const lines = recordsOf(text)
  expect(lines.map(({ round }) => round)).toEqual(
    rows
      .toSorted((a, b) => a.at.localeCompare(b.at) || a.transfer - b.transfer)
      .map(({ transfer }) => `rnd_${transfer}`),
  )
  expect(new Set(lines.map(({ player }) => player))).toEqual(new Set([one.player, other.player]))
  expect(JSON.parse(lines[0]!.outcome!)).toEqual({ text: '=1+1, "quoted"' })

  expect(await fileOfAll(now, { from, game: 'limbo' })).toHaveLength(rows.filter(({ game }) => game === 'limbo').length)
  expect(await fileOfAll(now, { from: after(3600), until: after(7200) })).toHaveLength(60)
  expect(await fileOfAll(now, { from: after(3600), until: after(3600) })).toEqual([])
  expect(await fileOfAll(after(7 + 119), { from })).toEqual([])
  expect(await fileOfAll(after(8 + 120), { from })).toHaveLength(1203)
})

test('what of stake and win was incentive or jackpot money is in the file and in the recall as the books have it, and where the player was [GLI-2.8.1b] [GLI-2.8.2]', async () => {
  const { player, wallet } = await world.player()
  const place = { country: 'SE', latitude: 59.3, longitude: 18.1 }
  const begun = await world.act((tx) => sessions.begin(tx, world.command(), rightAttempt(player, { place })))
  if ('refusal' in begun) throw begun.refusal
  const { session } = begun

  // A round as incentives and jackpots will book it: the stake from two pockets and some of it to the pools, the win to both, and the jackpot.
  const at = new Date(Date.now() - 200 * 86_400_000)
  const round = await world.act(async (tx) => {
    const book = (key: string, kind: string, legs: readonly ledger.Leg[]) =>
      ledger.transfer(tx, world.command(at), { wallet, key, kind, legs })
    await book('funds', 'deposit', [
      { from: { house: 'gateway.clearing' }, to: { pocket: 'cash' }, amount: 1000n },
      { from: { house: 'bonus.cost' }, to: { pocket: 'bonus' }, amount: 500n },
    ])
    const { transfer, cash, bonus } = await book('round:mixed', 'round', [
      { from: { pocket: 'bonus' }, to: { house: 'games.revenue' }, amount: 70n },
      { from: { pocket: 'cash' }, to: { house: 'games.revenue' }, amount: 25n },
      { from: { pocket: 'cash' }, to: { house: 'jackpot.pools' }, amount: 5n },
      { from: { house: 'games.revenue' }, to: { pocket: 'bonus' }, amount: 140n },
      { from: { house: 'games.revenue' }, to: { pocket: 'cash' }, amount: 60n },
      { from: { house: 'jackpot.pools' }, to: { pocket: 'cash' }, amount: 9000n },
    ])
    await tx`
      insert into games.rounds (wallet, transfer, session, game, version, stake, win, choice, draws, outcome, cash, bonus, held, at)
      values (${wallet}, ${transfer}, ${session.id}, 'roulette-european', 'v', 100, 9200, '{}', '[]', '{}', ${cash}, ${bonus}, 0, ${at})`
    return `rnd_${transfer}`
  })
  const bets = [{ on: 'red', amount: '1.00' }]
  await house.play.play({ session, game: 'roulette-european', choice: { bets }, key: 'plain' })

  const parts = { staked_of_incentives: '70', won_of_incentives: '140', won_of_jackpots: '9000', to_jackpots: '5' }
  const mixed = { round, stake: '100', win: '9200', country: 'SE' }
  const plain = { staked_of_incentives: '0', won_of_incentives: '0', won_of_jackpots: '0', to_jackpots: '0' }
  const recalled = async () => (await games.recall(world.sql, wallet, round)).parts
  expect(await fileOf(wallet)).toMatchObject([
    { ...mixed, ...parts },
    { ...plain, country: 'SE' },
  ])
  const ofThen = () => fileOfAll(new Date(), { from: at, until: new Date(at.getTime() + 1) })
  expect(await ofThen()).toMatchObject([{ ...mixed, ...parts, player }])
  expect(await recalled()).toMatchObject({
    stakedOfIncentives: { amount: '0.70' },
    wonOfIncentives: { amount: '1.40' },
    wonOfJackpots: { amount: '90.00' },
    toJackpots: { amount: '0.05' },
    jackpotAwarded: true,
  })

  // Once that month of the books is archived, what they alone could tell is left open, and not said to be nothing.
  await world.act((tx) => ledger.makePartitions(tx, new Date(), 0))
  await world.act((tx) => ledger.detachMonth(tx, `${at.toISOString().slice(0, 7)}-01`))
  const unknown = { staked_of_incentives: '', won_of_incentives: '', won_of_jackpots: '', to_jackpots: '' }
  expect(await fileOf(wallet)).toMatchObject([{ ...mixed, ...unknown }, plain])
  expect(await ofThen()).toMatchObject([{ ...mixed, ...unknown }])
  const open = { stakedOfIncentives: null, wonOfIncentives: null, wonOfJackpots: null, toJackpots: null }
  expect(await recalled()).toMatchObject({ ...open, jackpotAwarded: null, fees: { amount: '0.00' } })
})
