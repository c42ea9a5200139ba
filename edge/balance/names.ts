import { Resolver } from 'node:dns/promises'
import { type Face, faces } from '../config.ts'
import type { CoresByName, Member } from './members.ts'

const timeoutMs = 2000

/**
 * Asks DNS who the cores are.
 *
 * `srv`: `_player._tcp.<domain>`, `_operator._tcp.<domain>` and `_partner._tcp.<domain>` name a host and a port for each core; the first label
 * of the host is who it proves to be. A core that is not named for all three faces is none yet.
 *
 * `a`: every address of `<domain>` is a core with the same ports, and all of them prove to be `identity`.
 *
 * @throws Error when no server answers, or the name does not exist
 */
export async function resolveMembers(by: CoresByName): Promise<Member[]> {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 2 })
  if (by.servers) resolver.setServers(by.servers)
  const found = by.records === 'srv' ? await byServices(resolver, by.domain) : await byAddresses(resolver, by)
  return found.sort((one, other) => (one.name < other.name ? -1 : 1))
}

async function byServices(resolver: Resolver, domain: string): Promise<Member[]> {
  const named = await Promise.all(faces.map((face) => resolver.resolveSrv(`_${face}._tcp.${domain}`)))
  const hosts = new Map<string, Partial<Record<Face, { host: string; port: number }>>>()
  for (const [index, records] of named.entries())
    for (const { name, port } of records)
      hosts.set(name, { ...hosts.get(name), [faces[index] as Face]: { host: name, port } })
  const members = await Promise.all(
    [...hosts].map(async ([host, at]): Promise<Member[]> => {
      const { player, operator, partner } = at
      const address = await addressOf(resolver, host)
      if (!player || !operator || !partner || !address) return []
      const identity = host.split('.')[0] as string
      const on = ({ port }: { port: number }) => ({ host: address, port })
      return [{ name: identity, identity, player: on(player), operator: on(operator), partner: on(partner) }]
    }),
  )
  return members.flat()
}

async function byAddresses(
  resolver: Resolver,
  { domain, identity, ports }: Extract<CoresByName, { records: 'a' }>,
): Promise<Member[]> {
  const addresses = await resolver.resolve4(domain)
  return addresses.map((host) => {
    const on = (face: Face) => ({ host, port: ports[face] })
    return {
      name: `${identity}@${host}`,
      identity,
      player: on('player'),
      operator: on('operator'),
      partner: on('partner'),
    }
  })
}

/** An address instead of a name, so that no connection waits for a name service. A host without one is none yet. */
async function addressOf(resolver: Resolver, host: string): Promise<string | undefined> {
  try {
    return (await resolver.resolve4(host))[0]
  } catch {
    return undefined
  }
}
