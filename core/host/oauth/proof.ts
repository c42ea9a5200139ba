import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, errors, type JWK, jwtVerify } from 'jose'
import * as access from '#access'

type Expected = { method: string; url: string; token: string; thumbprint: string; now: Date }

/**
 * A proof that whoever shows a token has the key it is bound to (RFC 9449, 4.3): for this method, this address, this token, made
 * just now. That it is not used again is for the caller to see to.
 *
 * @throws Refusal `access.token_refused`
 */
export async function verifyProof(proof: string | string[] | undefined, expected: Expected): Promise<{ jti: string }> {
  if (typeof proof !== 'string') throw access.tokenRefused('its proof is missing')
  const { payload, protectedHeader } = await verified(proof)
  const { jti, iat, htm, htu, ath } = payload
  if (typeof jti !== 'string' || jti === '' || jti.length > 200) throw access.tokenRefused('its proof has no name')
  if (typeof iat !== 'number' || Math.abs(expected.now.getTime() / 1000 - iat) > access.proofSecondsMax)
    throw access.tokenRefused('its proof was not made just now')
  if (htm !== expected.method || bare(htu) !== expected.url)
    throw access.tokenRefused('its proof is for another request')
  if (ath !== createHash('sha256').update(expected.token).digest('base64url'))
    throw access.tokenRefused('its proof is for another token')
  if ((await calculateJwkThumbprint(protectedHeader.jwk as JWK)) !== expected.thumbprint)
    throw access.tokenRefused('its proof is by another key')
  return { jti }
}

async function verified(proof: string) {
  try {
    const algorithms = ['ES256', 'Ed25519', 'EdDSA', 'PS256']
    return await jwtVerify(proof, EmbeddedJWK, { algorithms, typ: 'dpop+jwt' })
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError || error instanceof DOMException)
      throw access.tokenRefused('its proof is none')
    throw error
  }
}

/** RFC 9449 4.3: without query and fragment. */
function bare(htu: unknown): string | undefined {
  const url = typeof htu === 'string' ? URL.parse(htu) : null
  return url ? `${url.origin}${url.pathname}` : undefined
}
