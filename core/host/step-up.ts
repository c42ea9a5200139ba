import type { Reader } from '#base'
import type { SensitiveAct } from '#licences'
import * as sessions from '#sessions'
import { type FaceContext, type FaceSession, sessionOf } from './face.ts'
import type { Host } from './host.ts'

/**
 * The player who asks, when who they are was proven freshly enough for the act. Called in the transaction of the act, so that a
 * repeat of one that was done gets its answer without.
 *
 * @throws Refusal `sessions.step_up_required`, with `factors`: any one would do. The page asks for it and sends the act again
 */
export async function needs(host: Host, reader: Reader, c: FaceContext, act: SensitiveAct): Promise<FaceSession> {
  const session = sessionOf(c)
  await sessions.needs(reader, { session, act, now: host.now() })
  return session
}
