import type { ClientMetadata } from 'oidc-provider'
import type { Client } from '#access'
import { internalDomain } from '#pki'

/** A client in the words of RFC 7591, as the library takes it. */
export function metadataOf(client: Client): ClientMetadata {
  const app = client.kind === 'app'
  return {
    client_id: client.client,
    client_name: client.name,
    grant_types: app ? ['authorization_code', 'refresh_token'] : ['client_credentials'],
    response_types: app ? ['code'] : [],
    redirect_uris: [...client.redirectUris],
    scope: client.scopes.join(' '),
    ...(client.authentication === 'key'
      ? { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: client.keys as never } }
      : {
          token_endpoint_auth_method: 'tls_client_auth',
          tls_client_auth_san_dns: componentName(client.component ?? ''),
        }),
    ...(client.binding === 'dpop'
      ? { dpop_bound_access_tokens: true }
      : { tls_client_certificate_bound_access_tokens: true }),
    ...(app ? { require_pushed_authorization_requests: client.pushed } : {}),
  }
}

function componentName(component: string): string {
  return `${component}.${internalDomain}`
}
