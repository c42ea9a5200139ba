import { BlockList, isIPv4, isIPv6 } from 'node:net'

/** Networks as they stand in files: one a line, `#` begins a remark, an address stands for itself. @throws Error naming the line */
export function readNetworks(text: string): string[] {
  const networks = text.split('\n').map((line) => line.replace(/#.*/, '').trim())
  for (const [index, network] of networks.entries())
    if (network !== '' && !isNetwork(network)) throw new Error(`line ${index + 1}: "${network}" is no network`)
  return networks.filter((network) => network !== '')
}

/** `10.0.0.0/8`, `2001:db8::/32`; an address stands for itself. */
export function isNetwork(text: string): boolean {
  return partsOf(text) !== undefined
}

/** @throws Error when one of them is none */
export function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const parts = partsOf(network)
    if (parts === undefined) throw new Error(`"${network}" is no network`)
    list.addSubnet(parts.address, parts.prefix, parts.family)
  }
  return list
}

export function holds(list: BlockList, address: string): boolean {
  const plain = plainOf(address)
  return isIPv4(plain) ? list.check(plain, 'ipv4') : isIPv6(plain) && list.check(plain, 'ipv6')
}

/** An address of IPv4 that came over a socket of IPv6, as it is; one of a link without the name of the link. */
export function plainOf(address: string): string {
  if (address.startsWith('::ffff:')) return address.slice('::ffff:'.length)
  const zone = address.indexOf('%')
  return zone === -1 ? address : address.slice(0, zone)
}

/** The /24 of an address, or the /48 of one of IPv6. */
export function maskOf(address: string): string {
  const plain = plainOf(address)
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`
  const [head = ''] = plain.toLowerCase().split('::')
  const groups = head.split(':').filter((group) => group !== '')
  return `${[...groups, '0', '0', '0'].slice(0, 3).join(':')}::/48`
}

function partsOf(network: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', length, ...rest] = network.split('/')
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
  const most = family === 'ipv4' ? 32 : 128
  if (family === undefined || address.includes('%') || rest.length > 0 || !/^\d{1,3}$/.test(length ?? String(most)))
    return undefined
  const prefix = Number(length ?? most)
  return prefix <= most ? { address, prefix, family } : undefined
}
