import { systemCommand } from '#base'
import * as games from '#games'
import { type Host, transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'
import { openRoundParts } from '../round-parts.ts'

const roundBatch = 100

/** What players stake and win in a day, so that a sum which the licence calls large is told within minutes. */
export const sumPlay: JobDefinition = {
  queue: 'games.sum-days',
  cron: '* * * * *',
  retryMax: 0,
  async run(host) {
    const sum = () => transact(host, (tx) => games.sumDays(tx, systemCommand('games.days', host.now())))
    while ((await sum()).more);
  },
}

/** Rounds nobody came back to are ended as the rules say, each in a transaction of its own, so that none keeps the others. */
export const concludeRounds: JobDefinition = {
  queue: 'games.conclude',
  cron: '* * * * *',
  retryMax: 0,
  async run(host) {
    const due = await games.abandonedRounds(host.sql, await games.playRules(host.sql), host.now(), roundBatch)
    if (due.length === 0) return
    const parts = await openRoundParts(host)
    try {
      for (const round of due) await concludeOne(host, parts, round)
    } finally {
      parts.close()
    }
  },
}

async function concludeOne(host: Host, parts: games.RoundParts, round: games.Abandoned): Promise<void> {
  try {
    await transact(host, (tx) => games.conclude(tx, systemCommand('games.conclude', host.now()), parts, round))
  } catch (error) {
    host.log.error(
      { err: error, round: String(round.round) },
      'a round could not be ended; the next minute tries again',
    )
  }
}
