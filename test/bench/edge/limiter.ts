import { createLimiter } from '../../../edge/limit/gcra.ts'
import type { Figure } from '../benchmark.ts'

const people = 10_000
const decisions = 1_000_000

/** One decision about one of ten thousand networks, as a request has to wait for. */
export function measureLimiter(): Figure[] {
  const limiter = createLimiter({ perSecond: 1000, burst: 1000 })
  const networks = Array.from(
    { length: people },
    (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
  )
  const decide = (count: number) => {
    for (let i = 0; i < count; i++) limiter.admit(networks[i % people]!, performance.now())
  }
  decide(decisions / 10)
  const begunMs = performance.now()
  decide(decisions)
  const microseconds = ((performance.now() - begunMs) / decisions) * 1000
  return [{ name: 'a decision of the limiter', value: microseconds, unit: 'µs', bar: '<=2', aim: 1 }]
}
