import type { Tx } from '#base'
import * as ledger from '#ledger'
import type * as rng from '#rng'
import type { RoundParts } from '../rounds/parts.ts'
import { seedsOfRound } from './seeds.ts'
import { fairStream } from './stream.ts'

/**
 * Where the numbers of an open round's next step come from: the seeds it was begun with, from where its last step left them, or the
 * house's generator.
 */
export async function sourceOf(
  tx: Tx,
  { keys, generator }: Pick<RoundParts, 'keys' | 'generator'>,
  { wallet, round, draws }: { wallet: bigint; round: bigint; draws: string },
): Promise<{ draw(range: number): number }> {
  const { player } = await ledger.ownerOf(tx, wallet)
  const seeds = await seedsOfRound(tx, keys, { wallet, player, round })
  if (!seeds) {
    await generator.ready()
    return generator.stream()
  }
  const stream = fairStream(seeds)
  for (const [, range] of JSON.parse(draws) as rng.Draw[]) stream.draw(range)
  return stream
}
