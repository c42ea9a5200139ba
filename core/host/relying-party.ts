import type { RelyingParty } from '#factors'
import type { Config } from './config.ts'

/**
 * Whose passkeys a face asks for. They belong to its host name, and are taken on its own pages alone; where players and staff come
 * by one name at different ports, neither's open the other's door.
 */
export function partyOf(
  { config }: { config: Pick<Config, 'origins' | 'brand'> },
  face: 'player' | 'operator',
): RelyingParty {
  const { origin, hostname } = new URL(config.origins[face])
  return face === 'player'
    ? { id: hostname, origin, name: config.brand, holders: 'plr' }
    : { id: hostname, origin, name: `${config.brand} back office`, holders: 'stf' }
}
