import type { Recovery } from './births.ts'
import { AgentRefusal } from './refusal.ts'
import { publicOf } from './sealing.ts'
import { joinShares, markOf, readShare } from './shares.ts'

/** Whose share this is, and its bytes. @throws AgentRefusal `keys.share_malformed`, `keys.share_foreign` */
export function ownedShare(recovery: Recovery, text: string): { owner: string; bytes: Buffer } {
  const { bytes } = readShare(text)
  const owner = recovery.custodians.find(({ mark }) => mark === markOf(bytes))
  if (!owner)
    throw new AgentRefusal('keys.share_foreign', 'this share belongs to no custodian of this recovery key', 'refused')
  return { owner: owner.name, bytes }
}

/**
 * The private half of a recovery key, from the shares of a quorum given at once.
 *
 * @throws AgentRefusal also `keys.share_given` for one custodian twice, `keys.shares_missing` below the threshold
 */
export async function secretOf(recovery: Recovery, texts: readonly string[]): Promise<Buffer> {
  const given = new Map<string, Buffer>()
  for (const text of texts) {
    const { owner, bytes } = ownedShare(recovery, text)
    if (given.has(owner))
      throw new AgentRefusal('keys.share_given', `${owner} has given their share already`, 'conflict')
    given.set(owner, bytes)
  }
  if (given.size < recovery.threshold)
    throw new AgentRefusal('keys.shares_missing', `${given.size} of ${recovery.threshold} shares`, 'refused')
  const secret = await joinShares([...given.values()])
  for (const bytes of given.values()) bytes.fill(0)
  if (publicOf(secret).toString('base64') !== recovery.publicKey)
    throw new AgentRefusal('keys.share_foreign', 'these shares do not make this recovery key', 'refused')
  return secret
}
