import { networkOf, Refusal } from '#base'
import type { FaceContext } from './face.ts'

const atOnceMax = 8
const waitingMax = 64

type Share = { underWay: number; waiting: Array<() => void> }

/** What each network has of this process. */
const shares = new Map<string, Share>()

/**
 * Work on a password is slow on purpose, and there are few places to wait for it (`#keys`). One network has a share of them; whoever
 * asks for more at once waits behind themselves, so that nobody else is kept from signing in.
 *
 * @throws Refusal `host.passwords_at_once` when too many of the network wait already
 */
export async function passwordWork<T>(c: FaceContext, work: () => Promise<T>): Promise<T> {
  const network = networkOf(c.get('address'))
  const share = shares.get(network) ?? { underWay: 0, waiting: [] }
  shares.set(network, share)
  if (share.underWay < atOnceMax) share.underWay++
  else if (share.waiting.length < waitingMax) await new Promise<void>((resolve) => share.waiting.push(resolve))
  else throw tooManyAtOnce()
  try {
    return await work()
  } finally {
    const next = share.waiting.shift()
    if (next)
      next() // takes the place over
    else if (--share.underWay === 0) shares.delete(network)
  }
}

function tooManyAtOnce(): Refusal {
  return new Refusal('throttled', 'host.passwords_at_once', 'Too many at once from your network. Wait a moment.', {
    retryAfterSeconds: 1,
  })
}
