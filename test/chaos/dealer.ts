import { randomBytes, randomInt } from 'node:crypto'
import { writeSync } from 'node:fs'
import { createLanes, Refusal, type Tx } from '#base'
import * as games from '#games'
import type { Keys } from '#keys'
import * as rng from '#rng'
import { openDatabase } from '../../core/host/database.ts'
import { transact } from '../../core/host/host.ts'
import { createLog } from '../../core/host/log.ts'
import { openLane } from '../../core/host/play.ts'

/**
 * A process that plays blackjack for many players as a core does, until it is killed: first a round for each that waits, then moves.
 * A line goes out for every answer before anything else happens, so what was told outlives it.
 */
export type DealerTask = {
  database: { host: string; port: number; database: string }
  seats: Array<{ wallet: string; session: string; player: string }>
  /** Dies by SIGKILL before so many-eth statement of its transactions; of the commit, and of the telling, too. */
  dieBefore?: number
}
export type Told = { wallet: string; round: games.RoundView } | 'all wait'

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
const parts = {
  generator,
  keys: undefined as unknown as Keys, // of provably fair rounds, which nobody plays here
  rules: () => rules,
  ageOf: () => Promise.reject(new Error('no licence here asks for an age')),
}
const opened = await openLane<games.Bet, games.Settled>(
  { config, database: address, sql, log },
  (connection, lease, bets) => games.settle(connection, lease, new Date(), bets, rules.pace),
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

await Promise.all(task.seats.map(wait))
tell('all wait')
await Promise.all(task.seats.map(go))

type Seat = DealerTask['seats'][number]

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
