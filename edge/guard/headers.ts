import { headerIn, type RequestHead } from '../listen/exchange.ts'
import type { Told } from '../tls/clients.ts'
import { nameOf } from './names.ts'

/** These say the length of their body even if it is empty (RFC 9110, 8.6). */
const lengthTold = new Set(['POST', 'PUT', 'PATCH'])

/** The request's headers as the core gets them, flat: name, value, name, value. */
export function requestHeaders(
  { method, rawHeaders: raw }: RequestHead,
  told: {
    requestId: string
    address: string
    bodyBytes: number
    certificate?: Told | undefined
    country?: string | undefined
    /** The core is to say whose sign-in this is. */
    wantsOwner?: boolean
    traceparent?: string
  },
): string[] {
  const headers = passedOn(raw)
  headers.push('x-request-id', told.requestId, 'x-forwarded-for', told.address, 'x-forwarded-proto', 'https')
  headers.push('x-forwarded-host', headerIn(raw, 'host') ?? '')
  if (told.traceparent) headers.push('traceparent', told.traceparent)
  if (told.country) headers.push('x-client-country', told.country)
  if (told.wantsOwner) headers.push('x-player-wanted', '1')
  if (told.certificate) headers.push(told.certificate.header, told.certificate.der)
  if (told.bodyBytes > 0 || lengthTold.has(method)) headers.push('content-length', String(told.bodyBytes))
  return headers
}

/** Do these, as the core gets them, hold a key that it takes for one? Whatever else stands there it refuses, or does not see. */
export function hasKey(headers: readonly string[]): boolean {
  const key = headerIn(headers, 'idempotency-key')
  return key !== undefined && /^[\x21-\x7e]{1,128}$/.test(key)
}

/** The core's headers as the client gets them; duplicates such as cookies stay apart. */
export function responseHeaders(raw: readonly string[], requestId: string): string[] {
  const headers = passedOn(raw)
  const length = headerIn(raw, 'content-length')
  if (length !== undefined) headers.push('content-length', length)
  headers.push('x-request-id', requestId, 'strict-transport-security', 'max-age=31536000')
  return headers
}

/** What is for whoever is behind the next hop too. */
function passedOn(raw: readonly string[]): string[] {
  const headers: string[] = []
  let named: ReadonlySet<string> | undefined
  for (let i = 0; i < raw.length; i += 2) {
    const name = nameOf(raw[i] as string)
    if (name === undefined || name.isDropped) {
      if (name?.text === 'connection') named = namedInConnection(raw[i + 1] as string, named)
    } else headers.push(name.text, raw[i + 1] as string)
  }
  return named ? without(headers, named) : headers
}

const ofTheConnection = new Set(['close', 'keep-alive', 'upgrade', ''])

/** Headers that a Connection header makes part of one hop, in small letters; undefined where it makes none so. */
function namedInConnection(value: string, before: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
  if (ofTheConnection.has(value)) return before
  const names = value
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => !ofTheConnection.has(name))
  return names.length === 0 ? before : new Set([...(before ?? []), ...names])
}

function without(headers: readonly string[], named: ReadonlySet<string>): string[] {
  const left: string[] = []
  for (let i = 0; i < headers.length; i += 2)
    if (!named.has(headers[i] as string)) left.push(headers[i] as string, headers[i + 1] as string)
  return left
}
