import { type KeyObject, verify } from 'node:crypto'

/**
 * What certificates and revocation lists say (RFC 5280), read from their bytes. Here, because two who do not believe each other read it: the key
 * agent of whoever comes to it, and `pki` of what it issued. By hand, because the library that writes them takes longer to load than a bet may wait.
 */

/**
 * The role a certificate speaks of, from its alternative names as Node writes them; undefined when it names none, or more
 * than one. Only for a certificate that was verified. Node quotes a value that could be mistaken for two.
 */
export function roleNamed(subjectAltName: string | undefined): string | undefined {
  const named = (subjectAltName ?? '').split(', ').flatMap((name) => {
    const role = /^URI:urn:countroom:role:([a-z]+)$/.exec(name)?.[1]
    return role === undefined ? [] : [role]
  })
  return named.length === 1 ? named[0] : undefined
}

/** One spelling of a serial, whoever wrote it. */
export function serialIn(hex: string): string {
  return hex.toLowerCase().replace(/^0+/, '')
}

/** Texts of one kind in PEM, one by one, as `X509 CRL` or `CERTIFICATE`. */
export function pemParts(text: string, kind: string): string[] {
  return text.match(new RegExp(`-----BEGIN ${kind}-----[^-]+-----END ${kind}-----\\n?`, 'g')) ?? []
}

/** The serials that revocation lists name, as `serialIn` writes them; whether a list is good is another question. @throws Error where one is none */
export function listedSerials(lists: readonly string[]): Set<string> {
  return new Set(lists.flatMap((list) => [...readRevocationList(list).serials]))
}

export type RevocationList = {
  thisUpdate: Date
  /** Undefined where it does not say; ours always do. */
  nextUpdate: Date | undefined
  /** RFC 5280 5.2.3: an older one is told from a newer by it. Undefined where it does not say; ours always do. */
  number: bigint | undefined
  serials: ReadonlySet<string>
  /** Signed by ECDSA over SHA-256, as all of ours are. */
  isSignedBy(key: KeyObject): boolean
}

/** A list (RFC 5280 5.1) in PEM. @throws Error where it is none */
export function readRevocationList(pem: string): RevocationList {
  const list = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  const [said, , signature] = elements(elements(list)[0]?.body)
  const parts = elements(said?.body)
  const dates = parts.filter(isTime).map(({ type, body }) => timeIn(type, body))
  const [thisUpdate, nextUpdate] = dates
  if (!said || !signature || !thisUpdate || dates.length > 2) throw noList()
  const revoked = parts[parts.findLastIndex(isTime) + 1]
  const rows = revoked?.type === types.sequence ? elements(revoked.body) : [] // nobody
  return {
    thisUpdate,
    nextUpdate,
    number: numberIn(parts.at(-1)),
    serials: new Set(rows.map(({ body }) => serialIn(elements(body)[0]?.body.toString('hex') ?? ''))),
    isSignedBy: (key) => isSignature(said.whole, key, signature.body.subarray(1)), // behind the number of bits that are none
  }
}

function isSignature(data: Buffer, key: KeyObject, signature: Buffer): boolean {
  try {
    return verify('sha256', data, key, signature)
  } catch {
    return false
  }
}

const types = { integer: 0x02, sequence: 0x30, utcTime: 0x17, generalizedTime: 0x18, extensions: 0xa0 }
const numberOid = '551d14' // 2.5.29.20

type Element = { type: number; body: Buffer; whole: Buffer }

function isTime({ type }: Element): boolean {
  return type === types.utcTime || type === types.generalizedTime
}

/** What the extension of the number holds; extensions come last. */
function numberIn(last: Element | undefined): bigint | undefined {
  if (last?.type !== types.extensions) return undefined
  for (const { body } of elements(elements(last.body)[0]?.body)) {
    const [oid, ...rest] = elements(body)
    if (oid?.body.toString('hex') !== numberOid) continue
    const number = elements(rest.at(-1)?.body)[0]
    if (number?.type !== types.integer || number.body.length === 0) throw noList()
    return BigInt(`0x${number.body.toString('hex')}`)
  }
  return undefined
}

/** RFC 5280 5.1.2.4: in UTC with seconds, years of two digits are 1950 to 2049. */
function timeIn(type: number, body: Buffer): Date {
  const text = body.toString('latin1')
  const [, year = '', month, day, hours, minutes, seconds] =
    /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text) ?? []
  if (year.length !== (type === types.utcTime ? 2 : 4)) throw noList()
  const century = year.length === 4 ? '' : Number(year) < 50 ? '20' : '19'
  return new Date(`${century}${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`)
}

/** The elements that stand in DER one after the other. @throws Error where their lengths do not add up */
function elements(der: Buffer = Buffer.alloc(0)): Element[] {
  const found: Element[] = []
  for (let at = 0; at < der.length; ) {
    const start = at
    const type = der[at]!
    let length = der[at + 1] ?? 0
    let begin = at + 2
    if (length > 0x80) {
      const bytes = length - 0x80
      if (bytes > 4 || begin + bytes > der.length) throw noList()
      length = der.readUIntBE(begin, bytes)
      begin += bytes
    }
    at = begin + length
    if (at > der.length) throw noList()
    found.push({ type, body: der.subarray(begin, at), whole: der.subarray(start, at) })
  }
  return found
}

function noList(): Error {
  return new Error('this is no revocation list')
}
