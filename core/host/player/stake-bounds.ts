import { isCurrency } from '#base'
import * as games from '#games'
import type * as licences from '#licences'
import * as players from '#players'
import type * as sessions from '#sessions'
import type { Host } from '../host.ts'

/** The most a player is offered to stake on a game, in minor units: what the game takes, or less where the licence bounds it. Strangers see what the game takes. */
export async function stakeMaxFor(
  host: Pick<Host, 'sql' | 'keys' | 'now'>,
  rules: licences.Rules,
  { kind, stakeMax }: Pick<games.Game, 'kind' | 'stakeMax'>,
  session: Pick<sessions.Session, 'currency' | 'playerId'> | undefined,
): Promise<bigint> {
  if (!session || !isCurrency(session.currency)) return stakeMax
  const age = () => players.ageOf(host.sql, host.keys, session.playerId, host.now())
  const cap = await games.stakeCapOf(rules, kind, session.currency, age)
  return cap < stakeMax ? cap : stakeMax
}
