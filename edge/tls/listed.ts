import { elements, tags } from './der.ts'

/**
 * The serials that revocation lists name (RFC 5280 5.1), as `serialIn` writes them; an error where one is none. Only for finding connections that are open: whether a
 * list is good, and whom a handshake lets in, OpenSSL decides. Read here because the library for it takes longer to load than a bet may wait.
 */
export function listedSerials(lists: readonly string[]): Set<string> {
  try {
    return new Set(lists.flatMap(serialsOf))
  } catch (cause) {
    throw new Error('This is no revocation list.', { cause })
  }
}

/** One spelling of a serial, whoever wrote it. */
export function serialIn(hex: string): string {
  return hex.toLowerCase().replace(/^0+/, '')
}

function serialsOf(pem: string): string[] {
  const list = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const [signed] = elements(elements(list)[0]?.body)
  const parts = elements(signed?.body)
  const dated = parts.findLastIndex(({ type }) => type === tags.utcTime || type === tags.generalizedTime)
  const revoked = parts[dated + 1]
  if (revoked?.type !== tags.sequence) return [] // nobody
  return elements(revoked.body).map(({ body }) => serialIn(elements(body)[0]?.body.toString('hex') ?? ''))
}
