import { type Gateway, type GatewayEvent, gatewayUnknown } from '#cashier'
import type { Host } from '../host.ts'
import { readSecret } from '../secrets.ts'
import { isAuthentic } from '../signature.ts'
import { readSandboxEvent, sandboxGateway } from './sandbox.ts'

export type GatewayAdapter = Gateway & {
  isAuthentic(header: string | undefined, raw: Buffer, now: Date): boolean
  /** The event in our words, with the gateway's own name for its type. */
  readEvent(raw: Buffer): GatewayEvent & { name: string }
}

type GatewayHost = Pick<Host, 'config' | 'now'>

const opened = new WeakMap<GatewayHost['config'], Map<string, GatewayAdapter>>()

/** The gateway of this name, as configured. Its secret file may hold several secrets, one a line, while they rotate. */
export function gatewayOf(host: GatewayHost, name: string): GatewayAdapter {
  const known = opened.get(host.config) ?? new Map<string, GatewayAdapter>()
  opened.set(host.config, known)
  const adapter = known.get(name) ?? openGateway(host, name)
  known.set(name, adapter)
  return adapter
}

function openGateway(host: GatewayHost, name: string): GatewayAdapter {
  if (!Object.hasOwn(host.config.gateways, name)) throw gatewayUnknown()
  const { url, secretFile } = host.config.gateways[name]!
  const secrets = readSecret(secretFile).split(/\s+/)
  return {
    ...sandboxGateway({ url, secrets, now: host.now }),
    isAuthentic: (header, raw, now) => isAuthentic(header, raw, secrets, now),
    readEvent: readSandboxEvent,
  }
}
