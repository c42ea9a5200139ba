/** What the edge knows of a header by its name. */
export type HeaderName = {
  /** In small letters. */
  readonly text: string
  /** Is for this connection or between edge and core alone, and is not passed on. */
  readonly isDropped: boolean
  /** A bit of its own where it stands once at most; else 0. */
  readonly once: number
}

/** Belongs to one connection and is never passed on (RFC 9110, 7.6.1). */
const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** What only edge and core say to each other; a stranger's word under these names is dropped. A core is met by its own name. */
const internal = [
  'host',
  'x-request-id',
  'x-real-ip',
  'forwarded',
  'x-hono-already-sent',
  'x-client-certificate',
  'x-person-certificate',
  'x-deadline',
  'x-client-country',
  'x-player',
  'x-player-wanted',
  'x-proof',
  'traceparent',
  'tracestate',
  'expect',
  'content-length',
]

const once = [
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'idempotency-key',
  'cookie',
  'origin',
  'upgrade',
]

const others = [
  ...[
    'accept',
    'accept-encoding',
    'accept-language',
    'authorization',
    'cache-control',
    'date',
    'etag',
    'if-none-match',
  ],
  ...[
    'pragma',
    'priority',
    'referer',
    'set-cookie',
    'user-agent',
    'vary',
    'traceparent',
    'tracestate',
    'server-timing',
  ],
  ...['sec-fetch-dest', 'sec-fetch-mode', 'sec-fetch-site', 'content-security-policy', 'x-content-type-options'],
  ...['ratelimit', 'ratelimit-policy', 'permissions-policy', 'referrer-policy', 'last-modified', 'location'],
]

/** Most names are among a few that are known: they are found as they were written, without being looked through. */
const known = new Map<string, HeaderName>()
for (const text of new Set([...hopByHop, ...internal, ...once, ...others])) {
  const name = read(text)
  known.set(text, name)
  known.set(
    text.replace(/\b[a-z]/g, (letter) => letter.toUpperCase()),
    name,
  )
}

/** Undefined for what is no name, or one that others could mistake for another: an underscore is a dash to some. */
export function nameOf(written: string): HeaderName | undefined {
  const found = known.get(written)
  if (found) return found
  return /^[a-z0-9!#$%&'*+.^`|~-]+$/i.test(written) ? read(written.toLowerCase()) : undefined
}

function read(text: string): HeaderName {
  const isDropped = hopByHop.includes(text) || internal.includes(text) || text.startsWith('x-forwarded-')
  const bit = once.indexOf(text)
  return { text, isDropped, once: bit === -1 ? 0 : 1 << bit }
}
