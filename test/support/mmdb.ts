/** A database in the format of MaxMind (version 2.0) of countries, as small as it can be: one search tree of 24-bit records. */
export function makeMmdb(countries: Record<string, string>): Buffer {
  const nodes: Array<[Place, Place]> = [['none', 'none']]
  const data = new Map<string, number>()
  let bytes = Buffer.alloc(0)
  for (const [network, country] of Object.entries(countries)) {
    if (!data.has(country)) {
      data.set(country, bytes.length)
      bytes = Buffer.concat([bytes, map({ country: map({ iso_code: text(country) }) })])
    }
    plant(nodes, bitsOf(network), { data: data.get(country)! })
  }
  const record = (place: Place) => {
    const value = place === 'none' ? nodes.length : typeof place === 'number' ? place : nodes.length + 16 + place.data
    const out = Buffer.alloc(3)
    out.writeUIntBE(value, 0, 3)
    return out
  }
  const tree = Buffer.concat(nodes.flat().map(record))
  const metadata = map({
    binary_format_major_version: number(5, 2),
    binary_format_minor_version: number(5, 0),
    build_epoch: number(6, 1_700_000_000),
    database_type: text('Test-Country'),
    ip_version: number(5, 6),
    node_count: number(6, nodes.length),
    record_size: number(5, 24),
    languages: Buffer.from([0, 4]),
    description: map({}),
  })
  return Buffer.concat([tree, Buffer.alloc(16), bytes, Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), metadata])
}

type Place = 'none' | number | { data: number }

function plant(nodes: Array<[Place, Place]>, bits: number[], leaf: Place): void {
  let at = 0
  for (const [index, bit] of bits.entries()) {
    const node = nodes[at]!
    if (index === bits.length - 1) node[bit as 0 | 1] = leaf
    else {
      if (typeof node[bit as 0 | 1] !== 'number') node[bit as 0 | 1] = nodes.push(['none', 'none']) - 1
      at = node[bit as 0 | 1] as number
    }
  }
}

/** Of a network of IPv4, where IPv6 has them: below ::/96. */
function bitsOf(network: string): number[] {
  const [address = '', prefix = '32'] = network.split('/')
  const bits = address.split('.').flatMap((part) => [...Number(part).toString(2).padStart(8, '0')].map(Number))
  return [...Array<number>(96).fill(0), ...bits.slice(0, Number(prefix))]
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([(2 << 5) | value.length]), Buffer.from(value)])
}

function number(type: number, value: number): Buffer {
  const out = Buffer.alloc(type === 5 ? 2 : 4)
  out.writeUIntBE(value, 0, out.length)
  return Buffer.concat([Buffer.from([(type << 5) | out.length]), out])
}

function map(members: Record<string, Buffer>): Buffer {
  const entries = Object.entries(members)
  return Buffer.concat([
    Buffer.from([(7 << 5) | entries.length]),
    ...entries.flatMap(([name, value]) => [text(name), value]),
  ])
}
