import { randomBytes, randomInt } from 'node:crypto'
import { writeSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { createLanes, Refusal, systemCommand, type Tx } from '#base'
import * as games from '#games'
import { connectKeys, type Keys } from '#keys'
import * as rng from '#rng'
import { openDatabase } from '../../core/host/database.ts'
import { transact } from '../../core/host/host.ts'
import { createLog } from '../../core/host/log.ts'
import { openLane } from '../../core/host/play.ts'
import type { DealerTask, Once, Told } from './dealers.ts'

/**
 * A process that plays as a core does, until it is killed: one thing once, or blackjack for many players, first a round for each that waits, then moves.
 * A line goes out for every answer before anything else happens, so what was told outlives it.
 */
const task = JSON.parse(process.argv[2]!) as DealerTask
const name = `dealer-${process.pid}`
const address = { ...task.database, user: 'countroom_app', password: '' }
const sql = openDatabase({ ...address, poolMax: 12, name })
const log = createLog(name, 'silent')
const config = { name, lanes: { count: 1, batchMax: 128, queueMax: 4096, deadlineMs: 5000 } }
const generator = await rng.createGenerator({
  sources: { kernel: async (bytes) => randomBytes(bytes) },
  fresh: randomBytes,
  personalisation: name,
})
const rules = await games.playRules(sql)
const { agent } = task
const parts = {
  generator,
  keys: agent
    ? connectKeys({ socket: agent.socket, presenting: { role: 'core', credential: () => agent.credential } })
    : (undefined as unknown as Keys), // nobody plays a fair round here
  rules: () => rules,
  ageOf: () => Promise.reject(new Error('no licence here asks for an age')),
}
const opened = await openLane<games.Bet, games.Settled>(
  { config, database: address, sql, log },
  async (connection, lease, bets) => {
    step()
    const settled = games.settle(connection, lease, new Date(), bets, rules.pace)
    await pause(1)
    step() // it is under way, or booked already
    await settled
    step()
    return settled
  },
)
let statements = 0
function step(): void {
  if (++statements === task.dieBefore) process.kill(process.pid, 'SIGKILL')
}
/** A transaction whose every statement, and the end of which, is a step. */
async function act<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
  const done = await transact({ sql }, async (tx) => {
    const counting = new Proxy(tx, {
      apply(target, self, args) {
        step()
        return Reflect.apply(target as never, self, args)
      },
      get(target, name) {
        if (name === 'unsafe') step()
        return Reflect.get(target, name)
      },
    })
    const result = await work(counting)
    step()
    return result
  })
  step()
  return done
}
const play = games.openGames({
  ...parts,
  lanes: createLanes([opened.lane]),
  now: () => new Date(),
  transact: act,
})
const tell = (told: Told) => writeSync(1, `${JSON.stringify(told)}\n`)

type Seat = DealerTask['seats'][number]

if (task.once) {
  const [seat] = task.seats as [Seat]
  const round = await doOnce(seat, task.once)
  step()
  tell({ wallet: seat.wallet, round })
  process.exit(0)
}
await Promise.all(task.seats.map(wait))
tell('all wait')
await Promise.all(task.seats.map(go))

async function doOnce({ wallet: number, session, player }: Seat, once: Once): Promise<games.RoundView> {
  const wallet = BigInt(number)
  if (once.what === 'bet') {
    const { fair, ...order } = once
    const asked = { ...order, session: { id: session, wallet, currency: 'EUR', playerId: player } }
    return (await (fair ? play.playFair(asked) : play.play(asked))).round
  }
  if (once.what === 'conclude') {
    const command = systemCommand('chaos', new Date(once.at))
    const abandoned = { wallet, round: BigInt(once.round.replace('rnd_', '')) }
    return (await act((tx) => games.conclude(tx, command, parts, abandoned)))!
  }
  const { round, step, move, breaks } = once
  if (breaks)
    for (const { moves } of games.catalogue())
      if (moves)
        moves.make = () => {
          throw new Error('broken on purpose')
        }
  const command = { actor: { kind: 'player' as const, id: player }, now: new Date(), requestId: '' }
  return act((tx) => play.move(tx, command, { wallet, player, session, round, step, move }))
}

/** Until one of the seat's rounds waits. */
async function wait(seat: Seat): Promise<games.RoundView> {
  const wallet = BigInt(seat.wallet)
  for (;;) {
    const [left] = await games.waitingRounds(sql, wallet)
    if (left) return left
    const session = { id: seat.session, wallet, currency: 'EUR', playerId: seat.player }
    const key = randomBytes(8).toString('hex')
    const { round } = await play.play({ session, game: 'blackjack', choice: { stake: '1.00' }, key })
    tell({ wallet: seat.wallet, round })
    if (round.status === 'open') return round
  }
}

async function go(seat: Seat): Promise<void> {
  for (;;) {
    const { round, step, moves } = await wait(seat)
    const move = moves![randomInt(moves!.length)]!
    const wish = {
      wallet: BigInt(seat.wallet),
      player: seat.player,
      session: seat.session,
      round,
      step: step!,
      move: { move },
    }
    const command = { actor: { kind: 'player' as const, id: seat.player }, now: new Date(), requestId: '' }
    try {
      const next = await act((tx) => play.move(tx, command, wish))
      tell({ wallet: seat.wallet, round: next })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error // a move that this hand does not allow, or cannot be paid
    }
  }
}
