import { askerOf, sessionIn, tokenIn } from './asker.ts'
import type { Askers } from './limiter.ts'
import { networkOf } from './network.ts'
import type { SipHash } from './siphash.ts'

type Known = { askers: Askers; cookie: string | undefined; authorization: string | undefined }

/** Who asks, by what a request says of itself. What a connection said last time it mostly says again, so it is kept with it. */
export function knowAskers(hash: SipHash) {
  const known = new WeakMap<object, Known>()
  return {
    of(connection: object, address: string, cookie: string | undefined, authorization: string | undefined): Askers {
      const before = known.get(connection)
      if (before && before.cookie === cookie && before.authorization === authorization) return before.askers
      const network = before?.askers.network ?? askerOf(hash, 'network', networkOf(address))
      const session = sessionIn(cookie)
      const token = tokenIn(authorization)
      const askers = {
        network,
        session: session === undefined ? undefined : askerOf(hash, 'session', session),
        token: token === undefined ? undefined : askerOf(hash, 'token', token),
      }
      known.set(connection, { askers, cookie, authorization })
      return askers
    },
  }
}
