import { createHash } from 'node:crypto'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import * as audit from '#audit'
import * as games from '#games'
import { doors } from '../../support/doors.ts'
import { balanceOf, begin, hours, make, prove, sit, sweep, useTable, world } from './doors-table.ts'
import { shelf } from './shelf.ts'

vi.mock('../../../core/games/catalogue.ts', async (original) => (await import('./shelf.ts')).shelved(await original()))
useTable()

describe('a round that cannot be continued', () => {
  beforeEach(() => world.admin`delete from games.open_rounds`)

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
    const lines = await leafOf(seat.wallet)
    expect(lines[2], 'what the log has of it').toBe(
      `voided ${seat.session.id}|doors|d00000000000000a|200|${round.round.slice(4)}`,
    )
    const { steps } = await games.recall(world.sql, seat.wallet, round.round)
    expect(lines.slice(3, 5)).toEqual(['choice {"stake":"100"}', 'draws [["prize",5,2]]'])
    const told = JSON.parse(lines[5]!.replace(/^steps /, '')) as typeof steps
    expect(told.map(({ move, outcome }) => [move ?? null, outcome])).toEqual(
      steps.map(({ move, outcome }) => [move, outcome]),
    )
    expect(lines[6]).toMatch(/^reason .*no handle/)
    await world.admin`update games.voided_rounds set in_log = false where wallet = ${seat.wallet}`
    expect(await leafOf(seat.wallet), 'one of before reads as it was sealed').toEqual(lines.slice(0, 2))
    await expect(begin(seat, 'next')).rejects.toMatchObject({ code: 'games.closed' })
    const [standing] = (await games.standings(world.sql)).filter(({ game }) => game.id === 'doors')
    expect(standing).toMatchObject({ state: 'closed', closed: { reason: expect.stringContaining('no handle') } })
    await expect(make(seat, round.round, 2, 3)).rejects.toMatchObject({ code: 'games.round_over' })
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

/** The leaf of the log that has a wallet's voided round, line by line, as it is read and as it is hashed for sealing. */
async function leafOf(wallet: bigint): Promise<string[]> {
  const [booked] = await world.admin<Array<games.WantedBatch & { transfer: bigint }>>`
    select lane, batch, at, transfer from ledger.transfers
    where wallet = ${wallet} and transfer = (select transfer from games.voided_rounds where wallet = ${wallet})`
  const [batch] = await games.batchRows(world.sql, [booked!])
  const place = batch!.rows.findIndex(({ transfer }) => transfer === booked!.transfer)
  const [hashed] = await games.batchHashes(world.sql, [booked!])
  const leaf = createHash('sha256').update('\0').update(batch!.rows[place]!.text).digest()
  expect(hashed!.rows.subarray(place * 32, place * 32 + 32)).toEqual(leaf)
  return batch!.rows[place]!.text.split('\n')
}
