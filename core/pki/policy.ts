import { isIP } from 'node:net'

/**
 * What a certificate is for. A role is written into it as `urn:countroom:role:<role>`, and every listener asks for the roles
 * it lets in; `uses` becomes the extended key usage, so that a server's certificate is no client's.
 */
export const roles = {
  edge: { uses: ['server', 'client'], people: false },
  core: { uses: ['server', 'client'], people: false },
  work: { uses: ['server', 'client'], people: false },
  ops: { uses: ['client'], people: false },
  scraper: { uses: ['client'], people: false },
  /** Servers of one cluster are each other's clients: replication, and the agents beside them. */
  postgres: { uses: ['server', 'client'], people: false },
  redis: { uses: ['server', 'client'], people: false },
  etcd: { uses: ['server', 'client'], people: false },
  public: { uses: ['server'], people: false },
  /** Whoever asks for tokens: a studio, a gateway, a tool of the operator's. */
  client: { uses: ['client'], people: false },
  staff: { uses: ['client'], people: true },
  auditor: { uses: ['client'], people: true },
} as const satisfies Record<string, { uses: ReadonlyArray<'server' | 'client'>; people: boolean }>

export type Role = keyof typeof roles

export function isRole(name: string): name is Role {
  return Object.hasOwn(roles, name)
}

export function roleUri(role: Role): string {
  return `urn:countroom:role:${role}`
}

/** The network on which components have their names; no other name in it can be enrolled. */
export const internalDomain = 'countroom.internal'

/** What any component of a role may be called besides, where it does not matter which of them answers. */
export function sharedLabel(role: Role): string {
  return `${role}.role`
}

const hourSeconds = 3600
export const daySeconds = 24 * hourSeconds
/** The life of a certificate, as the operator may set it. */
export const lifeSecondsMin = 24 * hourSeconds
export const lifeSecondsMax = 30 * daySeconds

export const rootDays = 3650
export const issuingDays = 730
export const tokenSecondsMax = 24 * hourSeconds
/** How long a revocation list is good. Nobody is let in on one that has ended, so this is how long signing may fail. */
export const listSecondsMax = 24 * hourSeconds

/** Certificates begin a little before they are made, for clocks that are behind. */
export function backdateSeconds(lifeSeconds: number): number {
  return Math.min(hourSeconds, lifeSeconds / 25)
}

/**
 * When a certificate is to be renewed: at two thirds of its life, less up to a twentieth by its serial, so that what was
 * made together is not renewed together.
 */
export function renewalDue({ serial, notBefore, notAfter }: { serial: string; notBefore: Date; notAfter: Date }): Date {
  const lifeMs = notAfter.getTime() - notBefore.getTime()
  const jitter = Number.parseInt(serial.slice(-4), 16) / 0xffff
  return new Date(notBefore.getTime() + lifeMs * (2 / 3 - jitter / 20))
}

/** A third of its life is left when it ought to have been renewed; a quarter, and somebody should look. */
export function isOverdue({ notBefore, notAfter }: { notBefore: Date; notAfter: Date }, now: Date): boolean {
  return notAfter.getTime() - now.getTime() < (notAfter.getTime() - notBefore.getTime()) / 4
}

/** Lists are signed anew when half of their time is over. */
export function isListDue({ thisUpdate, nextUpdate }: { thisUpdate: Date; nextUpdate: Date }, now: Date): boolean {
  return nextUpdate.getTime() - now.getTime() < (nextUpdate.getTime() - thisUpdate.getTime()) / 2
}

/** Why a component cannot be called so; undefined when it can. */
export function faultOfComponent(role: Role, component: string, names: readonly string[]): string | undefined {
  if (roles[role].people) {
    if (!/^[a-z0-9][a-z0-9._-]{2,39}$/.test(component)) return 'a person is named by 3 to 40 letters and digits'
    return names.length === 0 ? undefined : 'a person has no names on the network'
  }
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(component)) return 'a component is named by one label of a DNS name'
  if (names.length === 0 || names.length > 20) return 'a component has 1 to 20 names on the network'
  const own = [`${component}.${internalDomain}`, `${sharedLabel(role)}.${internalDomain}`]
  for (const name of names) {
    const isName = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/.test(name)
    const isNumber = /(^|\.)\d+$/.test(name) // as people mistype an address; no name ends so
    if (!isAddress(name) && !(isName && !isNumber && name.length <= 253)) return `${name} is no name and no address`
    if (name.endsWith(`.${internalDomain}`) && !own.includes(name)) return `${name} is another component's name`
  }
  return undefined
}

export function isAddress(name: string): boolean {
  return isIP(name) !== 0 && !name.includes('%') // a zone means something on one machine only
}
