import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { readRevocationList } from '#base'
import { pemOfCertificate, type SigningCommand, serialOf } from './authority.ts'
import { backdateSeconds, listSecondsMax, type Role } from './policy.ts'
import { newRequest } from './request.ts'
import { pemOfList } from './revocation.ts'

type Signing = Pick<SigningCommand, 'keys' | 'now'>

/** Undefined where the token's active keys are not the ones of this authority: it was rotated, or the token is another's. */
async function keyOfAuthority({ keys }: Signing, authority: X509Certificate): Promise<string | undefined> {
  for (const family of ['sk-ca-root', 'sk-ca-issuing']) {
    const key = await keys.active(family)
    if ((await keys.publicKey(key)).equals(authority.publicKey)) return key
  }
  return undefined
}

/**
 * Signs a revocation list once more, saying what it said, where the database cannot be asked what was taken back since. Its number is the one
 * after `above`. Undefined where the token does not sign for this authority. @throws Error where it is no list of this authority
 */
export async function signAgain(
  command: Signing,
  input: { list: string; authority: X509Certificate; above: bigint; lifeSeconds?: number | undefined },
): Promise<string | undefined> {
  const { list, authority, above, lifeSeconds = listSecondsMax } = input
  if (!readRevocationList(list).isSignedBy(authority.publicKey)) throw new Error('this is no list of this authority')
  const key = await keyOfAuthority(command, authority)
  if (key === undefined) return undefined
  const { encodeList, listedIn } = await import('./encode.ts')
  const signed = await encodeList(
    command.keys,
    { certificate: authority.raw, key },
    {
      number: above + 1n,
      thisUpdate: command.now,
      nextUpdate: new Date(command.now.getTime() + lifeSeconds * 1000),
      revoked: listedIn(list),
    },
  )
  return pemOfList(signed)
}

/**
 * A key and a certificate for a component that the database does not know of: for a start without one, for hours and not for days. Undefined
 * where the token does not sign for this authority.
 */
export async function issueAlone(
  command: Signing,
  input: { authority: X509Certificate; component: string; role: Role; names: readonly string[]; lifeSeconds: number },
): Promise<{ serial: string; key: string; chain: string; notAfter: Date } | undefined> {
  const { authority, component, role, names, lifeSeconds } = input
  const signer = await keyOfAuthority(command, authority)
  if (signer === undefined) return undefined
  const { encodeLeaf } = await import('./encode.ts')
  const { key } = await newRequest(component)
  const spki = createPublicKey(createPrivateKey(key)).export({ format: 'der', type: 'spki' })
  const startMs = command.now.getTime() - backdateSeconds(lifeSeconds) * 1000
  const certificate = await encodeLeaf(
    command.keys,
    { certificate: authority.raw, key: signer },
    {
      ...{ component, role, names, spki },
      period: { notBefore: new Date(startMs), notAfter: new Date(startMs + lifeSeconds * 1000) },
    },
  )
  const read = new X509Certificate(certificate)
  return {
    serial: serialOf(read),
    key,
    chain: pemOfCertificate(certificate) + authority.toString(),
    notAfter: read.validToDate,
  }
}
