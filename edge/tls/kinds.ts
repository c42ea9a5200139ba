import type { X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** `ec` and `rsa`, of the kinds that are shown. */
export type KeyKind = X509Certificate['publicKey']['asymmetricKeyType']

/** TLS 1.3 has an algorithm of signature for each curve (RFC 8446, 4.2.3). */
const signaturesOfCurves = new Map([
  ['prime256v1', 'ECDSA+SHA256'],
  ['secp384r1', 'ECDSA+SHA384'],
  ['secp521r1', 'ECDSA+SHA512'],
])

/**
 * Which kind of key a client takes, by what its first message says of signatures, ECDSA before RSA; undefined where that does not tell. In TLS 1.2
 * the suites decide too, which Node does not show: there it tells of who takes one kind alone.
 */
export function kindTaken(
  socket: Pick<TLSSocket, 'getProtocol' | 'getSharedSigalgs'>,
  shown: readonly X509Certificate[],
): KeyKind {
  const shared = socket.getSharedSigalgs()
  if (socket.getProtocol() === 'TLSv1.3') {
    const signatures = shown.map(({ publicKey }) =>
      signaturesOfCurves.get(publicKey.asymmetricKeyDetails?.namedCurve ?? ''),
    )
    if (signatures.some((signature) => signature !== undefined && shared.includes(signature))) return 'ec'
    return shared.some((each) => each.startsWith('RSA-PSS+')) ? 'rsa' : undefined
  }
  const takes = { ec: shared.some((each) => each.startsWith('ECDSA+')), rsa: shared.some((each) => /^RSA/.test(each)) }
  if (takes.ec === takes.rsa) return undefined
  return takes.ec ? 'ec' : 'rsa'
}
