import { randomBytes } from 'node:crypto'
import * as games from '#games'
import { createGenerator, hmacDrbg, record } from '#rng'
import { openKernelEvents } from '../../core/host/kernel-events.ts'
import { openKernelRandom } from '../../core/host/kernel-random.ts'
import { asWords, createStream } from '../../core/rng/stream.ts'
import { type Benchmark, batchesPerSecond, type Figure } from './benchmark.ts'
import { exactReturns } from './exact-returns.ts'
import { processor } from './machine.ts'
import { replays } from './replays.ts'
import { slotFigures } from './slots.ts'

const wordsAtOnce = 16_384
const callsPerLook = 10_000
const replayed = 1_000_000

/** What drawing costs, and the mathematics of slots, on one core. */
const benchmark: Benchmark = {
  name: 'games',
  summary:
    'draws by mechanism, what a round of its own stream costs, the mathematics of slots, a million rounds replayed, and exact returns computed again',
  seconds: 3,
  async run({ seconds, say }) {
    const fresh = openKernelRandom()
    const options = { sources: { kernel: async (bytes: number) => randomBytes(bytes) }, personalisation: 'bench' }
    const [alone, inPlay] = await Promise.all([
      createGenerator(options),
      createGenerator({ ...options, fresh, copied: openKernelEvents() }),
    ])
    const hmac = hmacDrbg({ entropy: randomBytes(48), nonce: randomBytes(16), personalisation: Buffer.alloc(0) })
    const buffered = alone.stream(wordsAtOnce)
    const byHmac = createStream(() => asWords(hmac.generate(wordsAtOnce * 4)))
    const slot = games.gameOf('midnight-orchard')
    const choice = slot.readChoice(slot.sample, 'EUR')
    const figures: Figure[] = [
      { ...perSecond('draws of 37, CTR_DRBG, buffered', seconds, () => buffered.draw(37)), bar: '>=15000000' },
      perSecond('draws of 37, HMAC_DRBG, buffered', seconds, () => byHmac.draw(37)),
      perSecond('rounds of one draw, as in play', seconds, () => inPlay.stream().draw(37)),
      perSecond('rounds of the slot, as in play, recorded', seconds, () =>
        slot.play(choice, record(inPlay.stream()).draws),
      ),
    ]
    figures.push(...slotFigures(seconds, buffered), ...replays(buffered, replayed, say))
    for (const generator of [alone, inPlay]) generator.close()
    figures.push(...exactReturns(say))
    return { conditions: processor(), figures }
  },
}
export default benchmark

function perSecond(name: string, seconds: number, call: () => unknown): Figure {
  const batch = () => {
    for (let n = 0; n < callsPerLook; n++) call()
    return callsPerLook
  }
  return { name, ...batchesPerSecond(seconds, batch) }
}
