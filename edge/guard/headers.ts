import { headerIn, type RequestHead } from '../listen/exchange.ts'
import type { Told } from '../tls/clients.ts'

/** Belongs to one connection and is never passed on (RFC 9110, 7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What only the edge says to a core; a stranger's word under these names is dropped. A core is met by its own name. */
const internal = new Set([
  'host',
  'x-request-id',
  'x-real-ip',
  'forwarded',
  'x-hono-already-sent',
  'x-client-certificate',
  'x-person-certificate',
  'x-deadline',
  'expect',
  'content-length',
])

function isDropped(name: string, named: ReadonlySet<string>): boolean {
  return hopByHop.has(name) || internal.has(name) || name.startsWith('x-forwarded-') || named.has(name)
}

/** The request's headers as the core gets them, flat: name, value, name, value. */
export function requestHeaders(
  { rawHeaders: raw }: RequestHead,
  told: { requestId: string; address: string; bodyBytes: number; certificate?: Told | undefined },
): string[] {
  const named = namedInConnection(headerIn(raw, 'connection'))
  const headers: string[] = []
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase()
    if (!isDropped(name, named)) headers.push(name, raw[i + 1] ?? '')
  }
  headers.push('x-request-id', told.requestId, 'x-forwarded-for', told.address, 'x-forwarded-proto', 'https')
  headers.push('x-forwarded-host', headerIn(raw, 'host') ?? '')
  if (told.certificate) headers.push(told.certificate.header, told.certificate.der)
  if (told.bodyBytes > 0) headers.push('content-length', String(told.bodyBytes))
  return headers
}

/** The core's headers as the client gets them; duplicates such as cookies stay apart. */
export function responseHeaders(raw: ReadonlyArray<Buffer | string>, requestId: string): string[] {
  const headers: string[] = []
  const named = new Set<string>()
  for (let i = 0; i < raw.length; i += 2)
    if (String(raw[i]).toLowerCase() === 'connection')
      for (const name of namedInConnection(String(raw[i + 1]))) named.add(name)
  for (let i = 0; i < raw.length; i += 2) {
    const name = String(raw[i]).toLowerCase()
    if (name === 'content-length') headers.push(name, String(raw[i + 1]))
    else if (!isDropped(name, named))
      headers.push(name, Buffer.isBuffer(raw[i + 1]) ? (raw[i + 1] as Buffer).toString('latin1') : String(raw[i + 1]))
  }
  headers.push('x-request-id', requestId, 'strict-transport-security', 'max-age=31536000')
  return headers
}

function namedInConnection(value: string | undefined): Set<string> {
  return new Set(
    (value ?? '')
      .toLowerCase()
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
  )
}
