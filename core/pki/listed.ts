/**
 * The serials that revocation lists name (RFC 5280 5.1), as `serialIn` writes them. Only for finding connections that are open: whether a
 * list is good, and whom a handshake lets in, OpenSSL decides. Read here because the library for it takes longer to load than a bet may wait.
 */
export function listedSerials(lists: readonly string[]): Set<string> {
  return new Set(lists.flatMap(serialsOf))
}

/** One spelling of a serial, whoever wrote it. */
export function serialIn(hex: string): string {
  return hex.toLowerCase().replace(/^0+/, '')
}

function serialsOf(pem: string): string[] {
  const list = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const [signed] = elements(elements(list)[0]?.body)
  const parts = elements(signed?.body)
  const dated = parts.findLastIndex(({ type }) => type === types.utcTime || type === types.generalizedTime)
  const revoked = parts[dated + 1]
  if (revoked?.type !== types.sequence) return [] // nobody
  return elements(revoked.body).map(({ body }) => serialIn(elements(body)[0]?.body.toString('hex') ?? ''))
}

const types = { sequence: 0x30, utcTime: 0x17, generalizedTime: 0x18 }

/** The elements that stand in DER one after the other. @throws Error where their lengths do not add up */
function elements(der: Buffer = Buffer.alloc(0)): Array<{ type: number; body: Buffer }> {
  const found: Array<{ type: number; body: Buffer }> = []
  for (let at = 0; at < der.length; ) {
    const type = der[at]!
    let length = der[at + 1] ?? 0
    let begin = at + 2
    if (length > 0x80) {
      const bytes = length - 0x80
      length = der.readUIntBE(begin, bytes)
      begin += bytes
    }
    if (begin + length > der.length) throw new Error('this is no revocation list')
    found.push({ type, body: der.subarray(begin, begin + length) })
    at = begin + length
  }
  return found
}
