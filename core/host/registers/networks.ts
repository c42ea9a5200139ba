import { readFileSync } from 'node:fs'
import { isIPv4, isIPv6 } from 'node:net'
import type { Networks, Place } from '#sessions'

/**
 * The operator's tables of networks, read once at start: where networks are thought to be (`network,country,latitude,longitude`
 * a line, a heading allowed), and which of them need a second look (a network a line; `#` begins a remark). Without a table
 * nothing is known, which is never held against anybody. The most specific network that holds an address counts.
 *
 * @throws Error naming the file and line that cannot be read, so that a process does not start on half a table
 */
export function openNetworks(files: { places?: string | undefined; listed?: string | undefined }): Networks {
  const places = createTable<Place>()
  const listed = createTable<true>()
  for (const [line, fail] of linesOf(files.places)) {
    const [network = '', country = '', latitude, longitude] = line
      .split(',')
      .map((cell) => cell.trim().replace(/^"|"$/g, ''))
    if (network === 'network') continue
    const place = { country, latitude: Number(latitude), longitude: Number(longitude) }
    const sound = /^[A-Z]{2}$/.test(country) && Math.abs(place.latitude) <= 90 && Math.abs(place.longitude) <= 180
    if (!latitude || !longitude || !sound || !places.add(network, place)) fail()
  }
  for (const [line, fail] of linesOf(files.listed)) if (!listed.add(line, true)) fail()
  return { locate: places.find, isListed: (address) => listed.find(address) === true }
}

/** Networks by the length of their prefix: an address is looked up under each length there is, the longest first. */
function createTable<T>() {
  const families = { 4: new Map<number, Map<bigint, T>>(), 6: new Map<number, Map<bigint, T>>() }
  const lengths: { 4: number[]; 6: number[] } = { 4: [], 6: [] }
  return {
    add(network: string, value: T): boolean {
      const [base = '', prefix = ''] = network.split('/')
      const address = numberOf(base)
      const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : undefined
      if (!address || bits === undefined || bits > address.bits) return false
      const family = address.bits === 32 ? 4 : 6
      const shift = BigInt(address.bits - bits)
      if ((address.value >> shift) << shift !== address.value) return false
      const known = families[family].get(bits) ?? new Map<bigint, T>()
      families[family].set(bits, known.set(address.value >> shift, value))
      lengths[family] = [...families[family].keys()].sort((one, other) => other - one)
      return true
    },
    find(text: string): T | undefined {
      const address = numberOf(text)
      if (!address) return undefined
      const family = address.bits === 32 ? 4 : 6
      for (const bits of lengths[family]) {
        const found = families[family].get(bits)?.get(address.value >> BigInt(address.bits - bits))
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}

function numberOf(text: string): { value: bigint; bits: number } | undefined {
  const address = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)?.[1] ?? text
  if (isIPv4(address))
    return { value: address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n), bits: 32 }
  if (!isIPv6(address) || address.includes('.') || address.includes('%')) return undefined
  const [head = '', tail] = address.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const front = groups(head)
  const back = groups(tail ?? '')
  const zeros = Array<string>(tail === undefined ? 0 : 8 - front.length - back.length).fill('0')
  const value = [...front, ...zeros, ...back].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n)
  return { value, bits: 128 }
}

function* linesOf(file: string | undefined): Generator<[line: string, fail: () => never]> {
  if (file === undefined) return
  let number = 0
  for (const text of readFileSync(file, 'utf8').split('\n')) {
    number++
    const line = text.replace(/#.*/, '').trim()
    const at = number
    if (line !== '')
      yield [
        line,
        () => {
          throw new Error(`${file}, line ${at}: this is no network as it should stand here`)
        },
      ]
  }
}
