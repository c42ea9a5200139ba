import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import * as access from '#access'
import * as audit from '#audit'
import { type Host, transact } from '../host.ts'
import { openIncidents } from '../incidents.ts'
import { problemOf } from '../refusals.ts'
import { inOAuth } from './adapter.ts'
import { commandOfClient } from './command.ts'
import { oauthPath } from './issuers.ts'

/** Who asked is not who they say, or has not what they show. Anything else is a mistake of somebody who may ask. */
const refusals: ReadonlySet<string> = new Set([
  'invalid_client',
  'invalid_grant',
  'invalid_token',
  'invalid_dpop_proof',
])
const refused = problemOf(access.clientRefused(), '')

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
  const incidents = openIncidents(host)
  const note = (ctx: KoaContextWithOIDC, error: Error & { error?: string }) => {
    if (error.error === undefined || !refusals.has(error.error)) return
    const where = `${ctx.method} ${oauthPath}${ctx.path}`
    void incidents.note(commandOfClient(host), { where, error, problem: refused })
  }
  provider.on('grant.error', note)
  provider.on('pushed_authorization_request.error', note)
  provider.on('userinfo.error', note)
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
