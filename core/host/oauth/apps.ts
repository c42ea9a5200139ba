import type { Interaction, KoaContextWithOIDC } from 'oidc-provider'
import * as access from '#access'
import * as staff from '#staff'
import type { Host } from '../host.ts'
import { commonConfiguration } from './configuration.ts'
import { oauthPath } from './issuers.ts'
import type { Configure } from './oauth.ts'

/** Signs staff on to the operator's own apps: code, PKCE and pushed requests (RFC 6749, 7636, 9126; OpenID Connect). */
export const configure: Configure = (host, secrets, jwks) => {
  const common = commonConfiguration(host, 'app', secrets, jwks)
  return {
    ...common,
    scopes: [...access.appScopes],
    claims: { openid: ['sub', 'acr', 'amr', 'auth_time'], profile: ['name', 'preferred_username', 'roles'] },
    responseTypes: ['code'],
    subjectTypes: ['public'],
    findAccount: (_ctx, id) => accountOf(host, id),
    interactions: { url: (_ctx: KoaContextWithOIDC, { uid }: Interaction) => `${oauthPath}/interaction/${uid}` },
    issueRefreshToken: async () => true,
    rotateRefreshToken: () => true,
    expiresWithSession: async () => true,
    ttl: {
      AuthorizationCode: access.codeSecondsMax,
      AccessToken: access.tokenSecondsMax,
      IdToken: access.idTokenSecondsMax,
      Interaction: access.interactionSecondsMax,
      Grant: access.signOnSecondsMax,
      Session: access.signOnSecondsMax,
      // Counted from the sign-on, however often it was rotated.
      RefreshToken: (_ctx, token) => Math.max(1, access.signOnSecondsMax - token.totalLifetime()),
    },
    cookies: {
      ...common.cookies,
      names: { session: '__Host-oauth', interaction: '__Secure-oauth-step', resume: '__Secure-oauth-resume' },
      long: { httpOnly: true, sameSite: 'lax', secure: true },
      short: { httpOnly: true, sameSite: 'lax', secure: true },
    },
    features: {
      ...common.features,
      // What pushes is asked of each client; only a tool with a certificate may be let off (`access` policy).
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: false },
      resourceIndicators: { enabled: false },
      revocation: { enabled: true },
    },
  }
}

/** A member of staff as an app sees them, for as long as they work here. */
async function accountOf(host: Host, id: string) {
  const member = await staff.memberOf(host.sql, id, host.now())
  if (!member) return undefined
  const { name, roles } = member
  return { accountId: id, claims: () => ({ sub: id, name, preferred_username: name, roles }) }
}
