import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { viewHome } from '../../ops/appliance/home.ts'
import { askReady } from '../../ops/appliance/nodes.ts'
import { connect } from '../../ops/appliance/postgres.ts'
import { type Appliance, startAppliance } from '../../ops/appliance.ts'
import { verify } from '../../ops/commands/verify.ts'
import { countroom } from '../ops/command.ts'
import { arrive, type Client, depositByCard, openClient, until } from '../support/client.ts'
import { newHome } from '../support/home.ts'

/** Short here; `COUNTROOM_CHAOS_SECONDS=30 COUNTROOM_CHAOS_PLAYERS=50` for the long run. */
const seconds = Number(process.env.COUNTROOM_CHAOS_SECONDS ?? 8)
const people = Number(process.env.COUNTROOM_CHAOS_PLAYERS ?? 12)

let appliance: Appliance
let home: string
beforeAll(async () => {
  home = newHome()
  appliance = await startAppliance({ home, freePorts: true })
})
afterAll(async () => {
  await appliance?.stop()
  rmSync(home, { recursive: true, force: true })
})

test('either core killed under play: no keyed bet fails for good, none is applied twice, a round that waits goes on at the other, the books prove [GLI-4.16.3b]', {
  timeout: 300_000,
}, async () => {
  const { ca } = appliance.card()
  const players: Client[] = []
  for (let i = 0; i < people; i++) {
    const client = openClient(appliance.urls.lobby, { ca, connections: 2 })
    await arrive(client, appliance.urls)
    await depositByCard(client, '1000.00')
    players.push(client)
  }
  const [first] = players
  const waiting = await openRound(first!)
  let playing = true
  const journal = new Map<string, string>() // key -> round that was acknowledged
  const failures: string[] = []
  const play = players.map(async (client) => {
    while (playing) {
      const key = randomUUID()
      const body = { bets: [{ on: 'black', amount: '0.10' }] }
      try {
        const answer = await client.ask<{ round: string; code?: string }>(
          'POST',
          '/api/games/roulette-european/rounds',
          body,
          { 'idempotency-key': key },
        )
        if (answer.status === 200) journal.set(key, answer.body.round)
        else failures.push(`${answer.status} ${answer.body.code}`)
      } catch (error) {
        failures.push((error as Error).message)
      }
    }
  })
  const end = Date.now() + seconds * 1000
  let kills = 0
  for (let turn = 0; Date.now() < end || kills < 2; turn++) {
    // One at a time: with both away no keyed bet could be told anything else.
    await until('both cores', async () => ((await areBothReady()) ? true : undefined))
    await new Promise((resolve) => setTimeout(resolve, 1500)) // the edge has asked them too
    const victim = appliance.processes().find((unit) => unit.name === `core-${(turn % 2) + 1}`)
    if (victim?.pid) {
      process.kill(victim.pid, 'SIGKILL')
      kills++
      const open = await until(
        'a core that answers',
        async () => {
          const { status, body } = await first!.ask<Open>('GET', '/api/rounds/open')
          return status === 200 ? body.rounds : undefined
        },
        40,
      )
      expect(open, 'the other core has it').toEqual([waiting])
    }
    await new Promise((resolve) => setTimeout(resolve, 2500))
  }
  playing = false
  await Promise.all(play)

  expect(kills).toBeGreaterThan(1)
  expect(failures).toEqual([])
  await finish(first!, waiting)
  const sql = connect(viewHome(home), 'app')
  const booked = await sql<
    Array<{ key: string; transfer: bigint }>
  >`select key, transfer from ledger.transfers where key like 'round:%'`
  const rounds = await sql<Array<{ count: number }>>`select count(*)::int as count from games.rounds`
  await sql.end()
  const byKey = new Map(booked.map((row) => [row.key.slice('round:'.length), `rnd_${row.transfer}`]))
  for (const [key, round] of journal) expect(byKey.get(key)).toBe(round)
  expect(booked).toHaveLength(byKey.size)
  expect(rounds[0]?.count).toBe(booked.length)
  expect((await verify(viewHome(home))).checks.filter((check) => !check.ok)).toEqual([])

  // The operator stops all money, and lets it move again.
  const bet = () =>
    first!.ask<{ code?: string }>('POST', '/api/games/roulette-european/rounds', {
      bets: [{ on: 'black', amount: '0.10' }],
    })
  const ops = (...words: string[]) => countroom(home, ['ledger', ...words])
  expect((await ops('freeze', '--reason', 'a drill of the freeze')).code).toBe(0)
  const refused = await bet()
  expect([refused.status, refused.body.code]).toEqual([409, 'ledger.frozen'])
  expect((await first!.ask('GET', '/api/me')).status, 'what is not money goes on').toBe(200)
  expect((await ops('freezes')).out).toMatch(/a drill of the freeze.*\n {2}stands/)
  expect((await countroom(home, ['doctor'])).out).toMatch(/no money moves since/)
  const lifted = await ops('lift', '--yes', '--reason', 'the drill is over')
  expect(lifted.code, lifted.out).toBe(0)
  await until('bets again', async () => ((await bet()).status === 200 ? true : undefined))
  await Promise.all(players.map((client) => client.close()))
})

async function areBothReady(): Promise<boolean> {
  const { core1Metrics, core2Metrics } = appliance.card().ports
  const missing = await Promise.all([core1Metrics, core2Metrics].map((port) => askReady(port!)))
  return missing.every((what) => what === undefined)
}

type Waiting = { round: string; status: string; step: number; moves?: string[] }
type Open = { rounds: Waiting[] }

async function openRound(client: Client): Promise<Waiting> {
  for (let tries = 0; tries < 20; tries++) {
    const { status, body, raw } = await client.ask<Waiting>('POST', '/api/games/blackjack/rounds', { stake: '1.00' })
    expect(status, raw).toBe(200)
    if (body.moves) return (await client.ask<Open>('GET', '/api/rounds/open')).body.rounds[0]!
  }
  throw new Error('twenty blackjacks in a row')
}

async function finish(client: Client, waiting: Waiting): Promise<void> {
  for (let left = waiting; left.moves; ) {
    const move = left.moves.includes('stand') ? 'stand' : 'no-insurance'
    const path = `/api/rounds/${left.round}/moves`
    const { status, body, raw } = await client.ask<Waiting>('POST', path, { step: left.step, move: { move } })
    expect(status, raw).toBe(200)
    left = body
  }
}
