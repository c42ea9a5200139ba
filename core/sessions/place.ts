import { type Reader, textArray } from '#base'
import type { Keys } from '#keys'
import { openOriginIfKept } from './origin.ts'
import type { Place } from './ports.ts'

/** Each may be a question to the key agent. */
const atOnce = 16

/**
 * Where the sign-ins of sessions came from, by session. One that could not be told, or is not known any more because its player was erased or it
 * is too long ago, is not in the answer.
 */
export async function placesOf(
  reader: Reader,
  keys: Keys,
  sessions: readonly string[],
): Promise<ReadonlyMap<string, Place>> {
  const rows = await reader<Array<{ session: string; signIn: string; player: string; origin: Buffer }>>`
    select s.session, i.sign_in as "signIn", i.player, i.origin
    from sessions.sessions s join sessions.sign_ins i on i.sign_in = s.sign_in
    where s.session = any (${textArray(sessions)}::text[]) and i.origin is not null`
  const places = new Map<string, Place>()
  for (let first = 0; first < rows.length; first += atOnce)
    await Promise.all(
      rows.slice(first, first + atOnce).map(async ({ session, ...signIn }) => {
        const kept = await openOriginIfKept(reader, keys, signIn)
        if (kept?.place) places.set(session, kept.place)
      }),
    )
  return places
}
