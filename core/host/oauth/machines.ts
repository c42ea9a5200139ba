import { errors } from 'oidc-provider'
import * as access from '#access'
import { commonConfiguration } from './configuration.ts'
import { machineAudience } from './issuers.ts'
import type { Configure } from './oauth.ts'

/** Client credentials, and nothing else (RFC 6749 4.4). Tokens are signed, short, for one face (RFC 9068). */
export const configure: Configure = (host, secrets, jwks) => {
  const common = commonConfiguration(host, 'machine', secrets, jwks)
  const audience = machineAudience(host)
  return {
    ...common,
    scopes: Object.keys(access.scopes),
    responseTypes: [],
    ttl: { ClientCredentials: access.tokenSecondsMax },
    features: {
      ...common.features,
      clientCredentials: { enabled: true },
      userinfo: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo(_ctx, resource) {
          if (resource !== audience) throw new errors.InvalidTarget()
          return {
            scope: Object.keys(access.scopes).join(' '),
            audience,
            accessTokenTTL: access.tokenSecondsMax,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'ES256' } },
          }
        },
      },
    },
  }
}
