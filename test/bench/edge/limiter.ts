import { askerOf } from '../../../edge/limit/asker.ts'
import { createLimiter } from '../../../edge/limit/limiter.ts'
import { openLimitMemory } from '../../../edge/limit/memory.ts'
import { rules } from '../../../edge/limit/rules.ts'
import { openRoutes } from '../../../edge/routes.ts'
import type { Figure } from '../benchmark.ts'

const people = 10_000
const decisions = 1_000_000

/** One decision about one of ten thousand players by the usual rules, as a request has to wait for. */
export function measureLimiter(): Figure[] {
  const memory = openLimitMemory(undefined)
  const limiter = createLimiter({
    rules: rules.parse(undefined),
    tables: memory.tables,
    secret: (name) => askerOf(memory.hash, 'rule', name),
    part: 1,
    onShadow: () => {},
  })
  const askers = Array.from({ length: people }, (_, index) => ({
    network: askerOf(memory.hash, 'network', `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`),
    session: askerOf(memory.hash, 'session', `session of ${index}`),
    player: askerOf(memory.hash, 'player', `player ${index}`),
    isOwnerKnown: true,
    token: undefined,
  }))
  const bet = openRoutes().of('player', 'POST', '/api/games/roulette-european/rounds')
  const decide = (count: number) => {
    for (let i = 0; i < count; i++)
      limiter.decide('player', bet, askers[i % people]!, memory.sinceMs(performance.now()))
  }
  decide(decisions / 10)
  const begunMs = performance.now()
  decide(decisions)
  const microseconds = ((performance.now() - begunMs) / decisions) * 1000
  return [{ name: 'a decision of the limiter', value: microseconds, unit: 'µs', bar: '<=2', aim: 1 }]
}
