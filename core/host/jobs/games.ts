import { Gauge, register } from 'prom-client'
import { systemCommand } from '#base'
import * as games from '#games'
import { type Host, transact } from '../host.ts'
import type { JobDefinition } from '../queue.ts'
import { openRoundParts } from '../round-parts.ts'

const roundBatch = 100
const outsideName = 'countroom_games_return_outside'
const toldHours = 48

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

/** Every minute what was played is counted and held against what each version must return. */
export const watchReturns: JobDefinition = {
  queue: 'games.returns',
  cron: '* * * * *',
  retryMax: 0,
  async run(host) {
    observeReturns(host)
    const command = () => systemCommand('games.returns', host.now())
    while ((await transact(host, (tx) => games.countReturns(tx, command()))).more);
    await transact(host, (tx) => games.judgeReturns(tx, command()))
  },
}

/** Tells what is kept, so that any worker may have judged: how often a game was outside in two days. */
function observeReturns({ sql, now }: Pick<Host, 'sql' | 'now'>): void {
  if (register.getSingleMetric(outsideName)) return
  new Gauge({
    name: outsideName,
    help: 'How many times in 48 hours a version of a game returned more or less than chance explains.',
    labelNames: ['game', 'version'],
    async collect() {
      this.reset()
      const since = new Date(now().getTime() - toldHours * 3_600_000)
      const alarms = await games.returnAlarms(sql, 1000).catch(() => [])
      for (const { game, version, at } of alarms) if (at >= since) this.inc({ game, version })
    },
  })
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
