import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import * as audit from '#audit'
import { type Host, transact } from '../host.ts'
import { inOAuth } from './adapter.ts'
import { commandOfClient } from './command.ts'

/** A token that could not be written down is not given out; what could not be done is logged with its cause. */
export function observeTokens(host: Host, provider: Provider): void {
  provider.use(async (ctx, next) => {
    await next()
    const { oidc } = ctx as KoaContextWithOIDC
    if (oidc?.route !== 'token' || ctx.status !== 200) return
    try {
      await inOAuth(() => recordGrant(host, oidc))
    } catch (error) {
      ctx.status = (error as { statusCode?: number }).statusCode ?? 500
      ctx.body = { error: ctx.status === 503 ? 'temporarily_unavailable' : 'server_error' }
      host.log.error({ err: error }, 'a token was not given out, because that could not be written down')
    }
  })
  provider.on('server_error', (ctx, error) => {
    host.log.error({ requestId: ctx.get('x-request-id'), err: error }, 'request for a token failed')
  })
}

async function recordGrant(host: Host, oidc: KoaContextWithOIDC['oidc']): Promise<void> {
  const token = oidc.entities.AccessToken ?? oidc.entities.ClientCredentials
  await transact(host, (tx) =>
    audit.record(tx, commandOfClient(host), {
      action: 'access.token_granted',
      subject: oidc.entities.Account?.accountId ?? oidc.client?.clientId ?? 'unknown',
      detail: {
        client: oidc.client?.clientId ?? 'unknown',
        grant: String(oidc.params?.grant_type),
        scopes: [...(token?.scopes ?? [])],
        binding: token?.['x5t#S256'] ? 'certificate' : 'dpop',
      },
    }),
  )
}
