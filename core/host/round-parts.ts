import { newId } from '#base'
import * as games from '#games'
import * as players from '#players'
import * as rng from '#rng'
import { openKernelEvents } from './kernel-events.ts'
import { openKernelRandom } from './kernel-random.ts'
import type { OpenHost } from './open-host.ts'

const rulesSeconds = 60
const agesMax = 10_000

/** What rounds need of this process: a generator of outcomes, and the licence's rules as they were a minute ago at most. */
export async function openRoundParts(
  host: Pick<OpenHost, 'config' | 'sql' | 'keys' | 'now'>,
): Promise<games.RoundParts & { generator: rng.Generator; close(): void }> {
  const fresh = openKernelRandom()
  const generator = await rng.createGenerator({
    sources: { token: (bytes) => host.keys.random(bytes), kernel: async (bytes) => fresh(bytes) },
    fresh,
    copied: openKernelEvents(),
    personalisation: `${host.config.name} ${process.pid} ${newId('gen')}`,
  })
  const ages = new Map<string, number>()
  let rules = await games.playRules(host.sql)
  const renewed = setInterval(() => {
    games.playRules(host.sql).then(
      (found) => {
        rules = found
      },
      () => {}, // those of before hold on
    )
  }, rulesSeconds * 1000)
  renewed.unref()
  return {
    generator,
    keys: host.keys,
    rules: () => rules,
    async ageOf(player) {
      const day = host.now().toISOString().slice(0, 10)
      const name = `${day} ${player}`
      const known = ages.get(name)
      if (known !== undefined) return known
      if (ages.size >= agesMax) ages.clear()
      const age = await players.ageOf(host.sql, host.keys, player, host.now())
      ages.set(name, age)
      return age
    },
    close() {
      clearInterval(renewed)
      generator.close()
    },
  }
}
