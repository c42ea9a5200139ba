import { isIPv6 } from 'node:net'

/** The network an address belongs to as one holder has it: /24 of IPv4, /64 of IPv6 (RFC 6177). */
export function networkOf(address: string): string {
  return prefixOf(address, 4)
}

/** What one holder may have of such networks: a /48 of IPv6 is given to a single site (RFC 6177); of IPv4 the network itself. */
export function siteOf(address: string): string {
  return prefixOf(address, 3)
}

function prefixOf(address: string, length: number): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return prefixOf(mapped, length)
  if (!isIPv6(address)) return `${address.split('.').slice(0, 3).join('.')}.0/24`
  const [head = '', tail] = address.split('%')[0]!.split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail ? tail.split(':') : []
  const groups =
    tail === undefined ? front : [...front, ...Array(Math.max(0, 8 - front.length - back.length)).fill('0'), ...back]
  return `${groups
    .slice(0, length)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/${length * 16}`
}
