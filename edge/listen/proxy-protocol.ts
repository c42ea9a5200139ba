import { isIPv4, isIPv6, SocketAddress } from 'node:net'

/** How long a header of either version is, and whom it names; nobody where the proxy speaks for itself or does not know. */
export type ProxyHeader = { bytes: number; source: { address: string; port: number } | undefined }

/** What came is no header: the connection is of no use. */
export class NotProxied extends Error {}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const textBytesMax = 107
const binaryBytesMax = 16 + 2048 // addresses and what else a proxy has to tell

/**
 * The header of the PROXY protocol, versions 1 and 2 (HAProxy, proxy-protocol.txt), at the beginning of `bytes`. Undefined while
 * there is more to come. What follows the addresses in version 2 is skipped.
 *
 * @throws NotProxied
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  if (bytes.length === 0) return undefined
  if (bytes[0] === signature[0]) return readBinary(bytes)
  return readText(bytes)
}

function readText(bytes: Buffer): ProxyHeader | undefined {
  const word = 'PROXY '
  const begin = bytes.toString('latin1', 0, Math.min(bytes.length, textBytesMax))
  if (!begin.startsWith(word.slice(0, begin.length))) throw new NotProxied('no header')
  const end = begin.indexOf('\r\n')
  if (end < 0) {
    if (bytes.length >= textBytesMax || /[\r\n]./s.test(begin)) throw new NotProxied('the line has no end')
    return undefined
  }
  const line = begin.slice(0, end)
  const length = end + 2
  if (line === 'PROXY UNKNOWN' || line.startsWith('PROXY UNKNOWN ')) return { bytes: length, source: undefined }
  const [, family, address = '', toAddress = '', port = '', toPort = '', ...more] = line.split(' ')
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : () => false
  if (more.length > 0 || !isAddress(address) || !isAddress(toAddress) || !isPort(port) || !isPort(toPort))
    throw new NotProxied('the line names no connection')
  return { bytes: length, source: sourceOf(address, Number(port)) }
}

function readBinary(bytes: Buffer): ProxyHeader | undefined {
  const known = Math.min(bytes.length, signature.length)
  if (signature.compare(bytes, 0, known, 0, known) !== 0) throw new NotProxied('no signature')
  if (bytes.length < 16) return undefined
  const version = bytes[12]! >> 4
  const command = bytes[12]! & 0x0f
  const length = 16 + bytes.readUInt16BE(14)
  if (version !== 2 || command > 1 || length > binaryBytesMax) throw new NotProxied('not of version 2')
  if (bytes.length < length) return undefined
  if (command === 0) return { bytes: length, source: undefined } // the proxy itself, to see whether somebody is there
  const [family, size] = families[bytes[13]!] ?? []
  if (size === undefined) return { bytes: length, source: undefined }
  if (length < 16 + 2 * size + 4) throw new NotProxied('too short for its addresses')
  const address = family === 'ipv4' ? bytes.subarray(16, 20).join('.') : ipv6Of(bytes.subarray(16, 32))
  return { bytes: length, source: sourceOf(address, bytes.readUInt16BE(16 + 2 * size)) }
}

/** Of a connection by TCP: its family, and the bytes of an address. */
const families: Record<number, [family: 'ipv4' | 'ipv6', size: number]> = { 17: ['ipv4', 4], 33: ['ipv6', 16] }

function ipv6Of(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  return groups.join(':')
}

/** In the one spelling that limits and logs know. */
function sourceOf(address: string, port: number): { address: string; port: number } {
  return { address: new SocketAddress({ address, family: isIPv4(address) ? 'ipv4' : 'ipv6' }).address, port }
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535
}
