import { createHash, X509Certificate } from 'node:crypto'

/**
 * The rules of RFC 5280 for what our authority makes, read off the bytes by a reader of our own, so that neither the library
 * that wrote them nor OpenSSL's lenience is believed. Answers what is wrong, each with its section.
 */
export function lintCertificate(der: Buffer, kind: 'root' | 'issuing' | 'leaf', issuer?: Buffer): string[] {
  const faults: string[] = []
  const check = (holds: boolean, fault: string) => holds || faults.push(fault)
  const [tbs, outer, signature] = parts(whole(der))
  const fields = parts(tbs!)
  const [version, serial, inner, issuerName, validity, subject, spki, ...rest] = fields
  check(version?.tag === 0xa0 && parts(version)[0]?.value.equals(Buffer.of(2)) === true, '4.1.2.1 version is not 3')
  checkSerial(serial!, check)
  checkSignature(inner!, outer!, signature!, check)
  const parent = issuer ? parts(parts(whole(issuer))[0]!) : fields
  check(issuerName!.raw.equals(parent[5]!.raw), '4.1.2.4 the issuer is not what the issuer calls itself')
  const [begin, end] = parts(validity!).map(readTime)
  const [parentBegin, parentEnd] = parts(parent[4]!).map(readTime)
  for (const time of [begin, end]) check(time?.wellFormed === true, '4.1.2.5 a time is not in its canonical form')
  check(begin!.at < end!.at, '4.1.2.5 it ends before it begins')
  check(begin!.at >= parentBegin!.at && end!.at <= parentEnd!.at, 'its time is not within that of its issuer')
  if (kind === 'leaf') check(end!.at - begin!.at <= 30 * 86_400_000, 'it lives for more than 30 days')
  checkName(subject!, check)
  checkKey(spki!, check)
  check(rest.length === 1 && rest[0]!.tag === 0xa3, '4.1.2.8 something other than extensions follows the key')
  const extensions = readExtensions(rest[0]!, check)
  const required = [
    '2.5.29.19',
    '2.5.29.15',
    '2.5.29.14',
    '2.5.29.35',
    ...(kind === 'leaf' ? ['2.5.29.17', '2.5.29.37'] : []),
  ]
  for (const oid of required) check(extensions.has(oid), `the extension ${oid} is missing`)
  for (const [oid, { critical }] of extensions) {
    check(required.includes(oid), `the extension ${oid} is not ours`)
    check(
      critical === ['2.5.29.19', '2.5.29.15'].includes(oid),
      `the extension ${oid} is ${critical ? '' : 'not '}critical`,
    )
  }
  checkUse(extensions, kind, check)
  const subjectKey = extensions.get('2.5.29.14')?.value.value
  const bits = parts(spki!)[1]!.value.subarray(1)
  check(
    subjectKey?.equals(createHash('sha1').update(bits).digest()) === true,
    '4.2.1.2 the subject key id is not the hash of the key',
  )
  const parentExtensions = issuer ? readExtensions(parent[7]!, () => true) : extensions
  const authorityKey = parts(extensions.get('2.5.29.35')!.value)
  check(
    authorityKey.length === 1 && authorityKey[0]!.value.equals(parentExtensions.get('2.5.29.14')!.value.value),
    '4.2.1.1 the authority key id is not the key id of the issuer',
  )
  check(
    new X509Certificate(der).verify(new X509Certificate(issuer ?? der).publicKey),
    'the signature is not the issuer’s',
  )
  return faults
}

/** The same for a revocation list (section 5). */
export function lintList(der: Buffer, issuer: Buffer): string[] {
  const faults: string[] = []
  const check = (holds: boolean, fault: string) => holds || faults.push(fault)
  const [tbs, outer, signature] = parts(whole(der))
  const [version, inner, issuerName, thisUpdate, nextUpdate, ...rest] = parts(tbs!)
  const parent = parts(parts(whole(issuer))[0]!)
  check(version!.tag === 2 && version!.value.equals(Buffer.of(1)), '5.1.2.1 version is not 2')
  checkSignature(inner!, outer!, signature!, check)
  check(issuerName!.raw.equals(parent[5]!.raw), '5.1.2.3 the issuer is not what the issuer calls itself')
  const [from, to] = [readTime(thisUpdate!), readTime(nextUpdate!)]
  check(from.wellFormed && to.wellFormed && from.at < to.at, '5.1.2.4 the times are not in order')
  const entries = rest[0]?.tag === 0x30 ? parts(rest.shift()!) : undefined
  check(entries === undefined || entries.length > 0, '5.1.2.6 an empty list of entries is written')
  for (const entry of entries ?? []) check(parts(entry).length >= 2, '5.1.2.6 an entry is cut short')
  check(rest.length === 1 && rest[0]!.tag === 0xa0, '5.1.2.7 something other than extensions follows')
  const extensions = readExtensions(rest[0]!, check)
  check(
    [...extensions.keys()].sort().join(' ') === '2.5.29.20 2.5.29.35',
    '5.2 it has other extensions than number and issuer key',
  )
  for (const [oid, { critical }] of extensions) check(!critical, `the extension ${oid} is critical`)
  const number = extensions.get('2.5.29.20')!.value
  check(number.tag === 2 && number.value.length <= 20 && number.value[0]! < 0x80, '5.2.3 the number is not one')
  const parentKey = readExtensions(parent[7]!, () => true).get('2.5.29.14')!.value.value
  check(
    parts(extensions.get('2.5.29.35')!.value)[0]?.value.equals(parentKey) === true,
    '5.2.1 the key id is not the issuer’s',
  )
  return faults
}

type Check = (holds: boolean, fault: string) => unknown
type Element = { tag: number; raw: Buffer; value: Buffer }
type Extensions = Map<string, { critical: boolean; value: Element }>

const ecdsaWithSha256 = Buffer.from('06082a8648ce3d040302', 'hex')
const p256Key = Buffer.from('301306072a8648ce3d020106082a8648ce3d030107', 'hex')
const order = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')

function checkSerial(serial: Element, check: Check): void {
  check(serial.tag === 2 && serial.value[0]! < 0x80, '4.1.2.2 the serial is not positive')
  check(
    serial.value.length <= 20 && serial.value.length >= 8,
    '4.1.2.2 the serial has fewer than 64 bits or more than 20 bytes',
  )
}

function checkSignature(inner: Element, outer: Element, signature: Element, check: Check): void {
  check(inner.raw.equals(outer.raw), '4.1.1.2 the two signature algorithms differ')
  check(inner.value.equals(ecdsaWithSha256), 'RFC 5758 3.2 it is not ecdsa-with-SHA256 without parameters')
  check(signature.tag === 3 && signature.value[0] === 0, '4.1.1.3 the signature is no whole number of bytes')
  for (const half of parts(whole(signature.value.subarray(1)))) {
    const value = BigInt(`0x${half.value.toString('hex')}`)
    check(half.tag === 2 && value > 0n && value < order, 'RFC 3279 2.2.3 the signature is out of range')
  }
}

function checkName(name: Element, check: Check): void {
  const types = parts(name).map((rdn) => parts(parts(rdn)[0]!))
  check(types.length > 0, '4.1.2.6 the subject is empty')
  for (const [, value] of types) {
    check([0x0c, 0x13].includes(value!.tag), '4.1.2.4 a name is neither UTF8String nor PrintableString')
    check(value!.value.length > 0 && value!.value.length <= 64, 'a part of the name is empty or too long')
  }
}

function checkKey(spki: Element, check: Check): void {
  const [algorithm, bits] = parts(spki)
  check(algorithm!.raw.equals(p256Key), 'RFC 5480 the key is not on the curve P-256')
  check(
    bits!.value.length === 66 && bits!.value[0] === 0 && bits!.value[1] === 4,
    'RFC 5480 the point is not uncompressed',
  )
}

function checkUse(extensions: Extensions, kind: string, check: Check): void {
  const basic = parts(extensions.get('2.5.29.19')!.value)
  const usage = extensions.get('2.5.29.15')!.value.value
  const length = { root: 1, issuing: 0, leaf: undefined }[kind]
  if (kind === 'leaf') check(basic.length === 0, '4.2.1.9 it is an authority')
  else {
    check(basic[0]?.tag === 1 && basic[0].value[0] === 0xff, '4.2.1.9 it is no authority')
    check(
      basic[1]?.value.equals(Buffer.of(length ?? 0)) === true,
      '4.2.1.9 the length of the path is not bounded as it should be',
    )
  }
  check(usage.equals(kind === 'leaf' ? Buffer.of(7, 0x80) : Buffer.of(1, 0x06)), '4.2.1.3 the key has other uses')
  if (kind !== 'leaf') return
  const uses = parts(extensions.get('2.5.29.37')!.value)
  check(uses.length > 0 && uses.every(({ tag }) => tag === 6), '4.2.1.12 no extended use is named')
  const names = parts(extensions.get('2.5.29.17')!.value)
  check(names.length > 0, '4.2.1.6 there are no alternative names')
  for (const { tag, value } of names) {
    if (tag === 0x82)
      check(/^[a-z0-9.-]+$/.test(value.toString('latin1')), '4.2.1.6 a DNS name is not in preferred form')
    else if (tag === 0x87) check([4, 16].includes(value.length), '4.2.1.6 an address has the wrong length')
    else check(tag === 0x86 && /^[a-z]+:[\x21-\x7e]+$/.test(value.toString('latin1')), '4.2.1.6 a URI has no scheme')
  }
}

function readExtensions(tagged: Element, check: Check): Extensions {
  const found: Extensions = new Map()
  for (const each of parts(parts(tagged)[0]!)) {
    const fields = parts(each)
    const oid = readOid(fields[0]!.value)
    check(!found.has(oid), `4.2 the extension ${oid} is there twice`)
    const critical = fields.length === 3
    if (critical) check(fields[1]!.value.equals(Buffer.of(0xff)), 'DER: false is written out')
    found.set(oid, { critical, value: whole(fields.at(-1)!.value) })
  }
  return found
}

function readTime({ tag, value }: Element): { at: number; wellFormed: boolean } {
  const text = value.toString('latin1')
  const year = tag === 0x17 ? (Number(text.slice(0, 2)) < 50 ? '20' : '19') + text.slice(0, 2) : text.slice(0, 4)
  const digits = tag === 0x17 ? text.slice(2) : text.slice(4)
  const at = Date.parse(digits.replace(/^(..)(..)(..)(..)(..)Z$/, `${year}-$1-$2T$3:$4:$5Z`))
  const form = tag === 0x17 ? /^\d{12}Z$/ : tag === 0x18 ? /^\d{14}Z$/ : /^$/
  return { at, wellFormed: form.test(text) && !Number.isNaN(at) && (tag === 0x17) === Number(year) < 2050 }
}

function readOid(bytes: Buffer): string {
  const numbers: number[] = []
  let value = 0
  for (const byte of bytes) {
    value = value * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    numbers.push(value)
    value = 0
  }
  const [first = 0, ...rest] = numbers
  const top = Math.min(2, Math.floor(first / 40))
  return [top, first - top * 40, ...rest].join('.')
}

/** @throws Error when the bytes are not one element in DER */
function whole(bytes: Buffer): Element {
  const { element, end } = read(bytes, 0)
  if (end !== bytes.length) throw new Error('DER: something follows')
  return element
}

function parts({ value }: Element): Element[] {
  const found: Element[] = []
  for (let at = 0; at < value.length; ) {
    const { element, end } = read(value, at)
    found.push(element)
    at = end
  }
  return found
}

function read(bytes: Buffer, at: number): { element: Element; end: number } {
  const tag = bytes[at]!
  let length = bytes[at + 1]!
  let start = at + 2
  if (length >= 0x80) {
    const count = length - 0x80
    length = bytes.readUIntBE(start, count)
    start += count
    if (length < 0x80 || (count > 1 && length < 256 ** (count - 1))) throw new Error('DER: a length is not minimal')
  }
  const end = start + length
  if (end > bytes.length) throw new Error('DER: cut short')
  const value = bytes.subarray(start, end)
  if (
    tag === 2 &&
    value.length > 1 &&
    ((value[0] === 0 && value[1]! < 0x80) || (value[0] === 0xff && value[1]! >= 0x80))
  )
    throw new Error('DER: an integer is not minimal')
  return { element: { tag, raw: bytes.subarray(at, end), value }, end }
}
