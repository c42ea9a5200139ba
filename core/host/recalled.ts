import * as audit from '#audit'
import * as games from '#games'
import type { FaceContext } from './face.ts'
import { commandOf, type Host, transact } from './host.ts'
import { seedsWire } from './seeds-shapes.ts'

/** One round of a player in full, replayed from its draws. One that comes out differently is written down, whoever finds it. */
export async function recalled(
  host: Host,
  c: FaceContext,
  { wallet, player, round }: { wallet: bigint; player: string; round: string },
) {
  const found = await games.recall(host.sql, wallet, round)
  const { game, version } = found
  if (found.replay === 'different')
    await transact(host, (tx) =>
      audit.record(tx, commandOf(host, c), {
        action: 'games.replay_different',
        subject: found.round,
        detail: { game, version },
      }),
    )
  const fair = await games.fairnessOf(host.sql, host.keys, { wallet, player, round: found.round })
  return { ...found, ...(fair ? { fair: seedsWire(fair) } : {}) }
}
