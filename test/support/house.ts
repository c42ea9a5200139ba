import { randomBytes } from 'node:crypto'
import { createLane, type Lane, type Tx } from '#base'
import * as games from '#games'
import * as ledger from '#ledger'
import * as players from '#players'
import * as rng from '#rng'
import * as sessions from '#sessions'
import { rightAttempt } from './sign-in.ts'
import type { World } from './world.ts'

export type House = {
  play: games.Games
  generator: rng.Generator
  /** What moves, and whoever completes a round for a player, need besides a transaction. */
  parts: games.RoundParts
  /** The same casino, where these numbers come. */
  with(numbers: (range: number) => number): games.Games
  /** Everything below happens at this instant from now on; nothing: as time goes by. */
  at: Date | undefined
  /** The rules as they stand in the database now. */
  rules: games.PlayRules
  /** A player with money who is signed in. */
  sitDown(
    cash: bigint,
    changes?: Partial<players.Registration>,
  ): Promise<{ player: string; wallet: bigint; session: games.Order['session'] }>
  close(): Promise<void>
}

/** The hot path over a world's database, as a core opens it, with a clock that can be set. */
export async function openHouse(world: World): Promise<House> {
  const lease = (await ledger.leaseLane(world.sql, `test ${randomBytes(4).toString('hex')}`))!
  const generator = await rng.createGenerator({
    sources: { kernel: async (bytes) => randomBytes(bytes) },
    fresh: randomBytes,
    personalisation: 'test',
  })
  const now = () => house.at ?? new Date()
  const lanes: Lane<games.Bet, games.Settled> = createLane({
    run: (items) => games.settle(world.sql, lease, now(), items, house.rules.pace),
    batchMax: 64,
    queueMax: 500,
    deadlineMs: 10_000,
    isRetryable: () => false,
    isUnknown: () => false,
  })
  const parts = {
    generator,
    keys: world.agent.as('core'),
    rules: () => house.rules,
    ageOf: (player: string) => players.ageOf(world.sql, world.agent.keys, player, now()),
  }
  const rest = { lanes, now, transact: <T>(work: (tx: Tx) => Promise<T>) => world.act(work) }
  const house: House = {
    play: games.openGames({ ...parts, ...rest }),
    generator,
    parts,
    with: (draw) =>
      games.openGames({
        ...parts,
        ...rest,
        generator: { ...generator, stream: () => ({ draw, words: generator.stream().words }) },
      }),
    at: undefined,
    rules: await games.playRules(world.sql),
    async sitDown(cash, changes = {}) {
      const { player, wallet } = await world.player(cash, changes)
      const begun = await world.act((tx) => sessions.begin(tx, world.command(), rightAttempt(player)))
      if ('refusal' in begun) throw begun.refusal
      return { player, wallet, session: begun.session }
    },
    async close() {
      await lanes.close()
      generator.close()
    },
  }
  return house
}
