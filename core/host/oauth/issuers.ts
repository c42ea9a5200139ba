import type { Host } from '../host.ts'

export const oauthPath = '/oauth'

/** Whoever issues tokens for machines: the partner face, by its address. */
export function machineIssuer(host: Host): string {
  return `${machineAudience(host)}${oauthPath}`
}

/** What tokens of machines are for: the routes of the partner face. */
export function machineAudience(host: Host): string {
  return new URL(host.config.origins.partner).origin
}

/** Whoever signs staff on to apps: the operator face. */
export function appIssuer(host: Host): string {
  return `${new URL(host.config.origins.operator).origin}${oauthPath}`
}
