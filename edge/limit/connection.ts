import type { Face } from '../faces.ts'
import { askerOf, sessionIn, tokenIn } from './asker.ts'
import type { Askers } from './limiter.ts'
import { networkOf } from './network.ts'
import type { Owners } from './owners.ts'
import type { SipHash } from './siphash.ts'

type Known = { askers: Askers; cookie: string | undefined; authorization: string | undefined }

/** Who asks, by what a request says of itself. What a connection said last time it mostly says again, so it is kept with it. */
export function knowAskers(hash: SipHash, owners: Owners) {
  const known = new WeakMap<object, Known>()
  return {
    of(
      connection: object,
      face: Face,
      address: string,
      cookie: string | undefined,
      authorization: string | undefined,
    ): Askers {
      const before = known.get(connection)
      const isSame = before && before.cookie === cookie && before.authorization === authorization
      if (isSame && before.askers.isOwnerKnown) return before.askers
      const network = before?.askers.network ?? askerOf(hash, 'network', networkOf(address))
      const askers = isSame ? owned(before.askers) : owned({ network, ...named(face, cookie, authorization) })
      if (!isSame || askers !== before.askers) known.set(connection, { askers, cookie, authorization })
      return askers
    },
  }

  function named(face: Face, cookie: string | undefined, authorization: string | undefined) {
    const secret = sessionIn(face, cookie)
    const token = tokenIn(authorization)
    const session = secret === undefined ? undefined : askerOf(hash, 'session', secret)
    return {
      session,
      player: session, // until a core has told whose it is
      isOwnerKnown: session === undefined,
      token: token === undefined ? undefined : askerOf(hash, 'token', token),
    }
  }

  function owned(askers: Askers): Askers {
    const player = askers.session && owners.of(askers.session)
    return player ? { ...askers, player, isOwnerKnown: true } : askers
  }
}
