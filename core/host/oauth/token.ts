import type { KeyObject } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { errors, type JWTPayload, jwtVerify } from 'jose'
import * as access from '#access'
import { type Host, transact } from '../host.ts'
import { certificateOf, forgetTakenBack, thumbprintOf } from './certificate.ts'
import { tokenEpochs } from './epochs.ts'
import { machineAudience, machineIssuer } from './issuers.ts'
import { verifyProof } from './proof.ts'

export type Bearer = { client: string; scopes: ReadonlySet<string> }
export type Presented = { method: string; path: string; headers: IncomingHttpHeaders }

const keysFreshMs = 5000
const epochForm = /^sk-token-\d{1,6}$/
const clockSeconds = 5

/**
 * Verifies access tokens of machines (RFC 9068) by the keys this process knows: form, type, algorithm, signature, issuer,
 * audience and span first, then that who shows it has the key or the certificate it is bound to, then that the client still is
 * one. Only the last two ask the database.
 */
export function openTokens(host: Host) {
  const issuer = machineIssuer(host)
  const audience = machineAudience(host)
  const keyOf = knownKeys(host)

  /** @throws Refusal `access.token_missing`, `access.token_refused` */
  return async function verify(presented: Presented): Promise<Bearer> {
    const [scheme = '', token = '', ...more] = (presented.headers.authorization ?? '').split(' ')
    if (token === '' || more.length > 0) throw access.tokenMissing()
    const claims = await verifySigned(token)
    const { client_id: client, scope, cnf, iat } = claims as Claims
    if (typeof client !== 'string') throw access.tokenRefused('it names no client')
    if (typeof cnf?.jkt === 'string' && scheme.toLowerCase() === 'dpop') {
      const proof = await verifyProof(presented.headers.dpop, {
        method: presented.method,
        url: `${audience}${presented.path}`,
        token,
        thumbprint: cnf.jkt,
        now: host.now(),
      })
      const expiresAt = new Date(host.now().getTime() + 2 * access.proofSecondsMax * 1000)
      const id = `${cnf.jkt} ${proof.jti}`
      if (!(await transact(host, (tx) => access.useOnce(tx, { kind: 'Proof', id, expiresAt }))))
        throw access.tokenRefused('its proof was used before')
    } else if (typeof cnf?.['x5t#S256'] === 'string' && scheme.toLowerCase() === 'bearer') {
      await forgetTakenBack(host, presented.headers)
      const certificate = certificateOf(presented.headers)
      if (!certificate || thumbprintOf(certificate) !== cnf['x5t#S256'])
        throw access.tokenRefused('it is bound to a certificate that was not shown')
    } else throw access.tokenRefused('it is not bound to what was shown with it')
    if (!(await access.stands(host.sql, { client, issuedAt: new Date(Number(iat) * 1000) })))
      throw access.tokenRefused('its client was changed or removed')
    return { client, scopes: new Set(typeof scope === 'string' ? scope.split(' ') : []) }
  }

  async function verifySigned(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => keyOf(kid), {
        algorithms: ['ES256'],
        typ: 'at+jwt',
        issuer,
        audience,
        requiredClaims: ['exp', 'iat', 'jti', 'client_id', 'cnf'],
        clockTolerance: clockSeconds,
        currentDate: host.now(),
      })
      return payload
    } catch (error) {
      if (error instanceof errors.JOSEError) throw access.tokenRefused(words[error.code] ?? 'it is not one of ours')
      throw error
    }
  }
}

type Claims = { client_id?: unknown; scope?: unknown; iat?: unknown; cnf?: { jkt?: unknown; 'x5t#S256'?: unknown } }

const words: Record<string, string> = { ERR_JWT_EXPIRED: 'it has expired' }

/**
 * By the name in the header, among the epochs of our own key. A name not known yet is asked for, by one at a time however many
 * show it.
 */
function knownKeys(host: Host): (kid: string | undefined) => Promise<KeyObject> {
  let known = new Map<string, KeyObject>()
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined
  return async function keyOf(kid = '') {
    if (performance.now() - readAt > keysFreshMs || (!known.has(kid) && epochForm.test(kid))) {
      reading ??= read().finally(() => {
        reading = undefined
      })
      await reading
    }
    const key = known.get(kid)
    if (!key) throw new errors.JWKSNoMatchingKey()
    return key
  }

  async function read(): Promise<void> {
    const epochs = await tokenEpochs(host.keys)
    const entries = epochs.map(
      async (epoch) => [epoch, known.get(epoch) ?? (await host.keys.publicKey(epoch))] as const,
    )
    known = new Map(await Promise.all(entries))
    readAt = performance.now()
  }
}
