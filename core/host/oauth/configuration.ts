import type { X509Certificate } from 'node:crypto'
import type { Configuration, KoaContextWithOIDC } from 'oidc-provider'
import type * as access from '#access'
import type { Host } from '../host.ts'
import { adapterOf } from './adapter.ts'
import { certificateOf, hasName } from './certificate.ts'
import type { Secrets } from './oauth.ts'

/** No RSA of PKCS #1, nothing symmetric, never `none`. */
const algorithms = ['ES256', 'Ed25519', 'EdDSA', 'PS256'] as const

/**
 * What both faces share: strong clients only, bound tokens only, signed in the token (FAPI 2.0 Security Profile). What the
 * library could do and nobody needs is off.
 */
export function commonConfiguration(
  host: Host,
  kind: access.Client['kind'],
  secrets: Secrets,
  jwks: { keys: never[] },
): Configuration {
  return {
    adapter: adapterOf(host, kind),
    jwks,
    clientAuthMethods: ['private_key_jwt', 'tls_client_auth'],
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: {
      clientAuthSigningAlgValues: [...algorithms],
      dPoPSigningAlgValues: [...algorithms],
      idTokenSigningAlgValues: ['ES256'],
    },
    cookies: { keys: [secrets.cookies] },
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    clientBasedCORS: () => false,
    renderError: async (ctx, out) => {
      ctx.type = 'json'
      ctx.body = out
    },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      fapi: { enabled: true, profile: '2.0' },
      dPoP: { enabled: true, nonceSecret: secrets.nonces, requireNonce: () => true },
      mTLS: {
        enabled: true,
        tlsClientAuth: true,
        certificateBoundAccessTokens: true,
        getCertificate: certificateShown as never,
        certificateAuthorized: (ctx) => certificateShown(ctx) !== undefined, // the edge verified it, or there is none
        certificateSubjectMatches(ctx, property, expected) {
          const certificate = certificateShown(ctx)
          return property === 'tls_client_auth_san_dns' && certificate !== undefined && hasName(certificate, expected)
        },
      },
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
    },
  }
}

function certificateShown(ctx: Pick<KoaContextWithOIDC, 'req'>): X509Certificate | undefined {
  return certificateOf(ctx.req.headers)
}
