import { Provider } from 'oidc-provider'
import type { Host, HostCommand } from '../host.ts'

/** Who asks at an endpoint of OAuth: the client, once it showed that it is one. */
export function commandOfClient(host: Host): HostCommand {
  const ctx = Provider.ctx
  const header = (name: string) => ctx?.get(name) || undefined
  const address = header('x-forwarded-for')
  return {
    actor: {
      kind: 'partner',
      id: ctx?.oidc?.client?.clientId ?? 'anonymous',
      ...(address === undefined ? {} : { address }),
    },
    now: host.now(),
    requestId: header('x-request-id') ?? '',
    keys: host.keys,
  }
}
