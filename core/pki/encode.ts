import 'reflect-metadata' // the certificate library's own dependency wants it first
import { createHash, randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import type { Keys } from '#keys'
import { isAddress, type Role, roles, roleUri } from './policy.ts'

/**
 * Writes and reads the formats: certificates and revocation lists (RFC 5280), requests (RFC 2986). The library encodes; what
 * it would sign goes to the token. It is large, so only who needs it loads this file.
 */

const provider = webcrypto as Crypto
const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

export type Period = { notBefore: Date; notAfter: Date }
/** Who signs: the DER of its certificate, and its key in the token. */
export type Signer = { certificate: Buffer; key: string }
type Signing = Pick<Keys, 'sign'>

/** A root, signed by its own key. */
export function encodeRoot(keys: Signing, key: string, spki: Buffer, period: Period): Promise<Buffer> {
  const subject = `CN=Countroom root ${shortName(spki)}`
  return encode(keys, { subject, issuer: subject, key, spki, issuerSpki: spki, period, extensions: authority(1) })
}

/** An issuing authority below a root; it can sign no other authority. */
export function encodeIssuing(keys: Signing, root: Signer, spki: Buffer, period: Period): Promise<Buffer> {
  const parent = new x509.X509Certificate(bytes(root.certificate))
  return encode(keys, {
    subject: `CN=Countroom issuing CA ${shortName(spki)}`,
    issuer: parent.subject,
    issuerSpki: Buffer.from(parent.publicKey.rawData),
    key: root.key,
    spki,
    period,
    extensions: authority(0),
  })
}

/** A certificate for a component or a person. */
export function encodeLeaf(
  keys: Signing,
  issuing: Signer,
  wanted: { component: string; role: Role; names: readonly string[]; spki: Buffer; period: Period },
): Promise<Buffer> {
  const parent = new x509.X509Certificate(bytes(issuing.certificate))
  const uses = { server: x509.ExtendedKeyUsage.serverAuth, client: x509.ExtendedKeyUsage.clientAuth }
  const names = wanted.names.map((value) => ({ type: isAddress(value) ? ('ip' as const) : ('dns' as const), value }))
  return encode(keys, {
    subject: `OU=${wanted.role},CN=${commonName(wanted)}`,
    issuer: parent.subject,
    issuerSpki: Buffer.from(parent.publicKey.rawData),
    key: issuing.key,
    spki: wanted.spki,
    period: wanted.period,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(roles[wanted.role].uses.map((use) => uses[use])),
      new x509.SubjectAlternativeNameExtension([...names, { type: 'url', value: roleUri(wanted.role) }]),
    ],
  })
}

/** The list of what an authority has taken back (RFC 5280 section 5), numbered so that an older one is told from a newer. */
export async function encodeList(
  keys: Signing,
  signer: Signer,
  list: { number: bigint; thisUpdate: Date; nextUpdate: Date; revoked: Array<{ serial: string; at: Date }> },
): Promise<Buffer> {
  const parent = new x509.X509Certificate(bytes(signer.certificate))
  const crl = await x509.X509CrlGenerator.create(
    {
      issuer: parent.subject,
      thisUpdate: list.thisUpdate,
      nextUpdate: list.nextUpdate,
      entries: list.revoked.map(({ serial, at }) => ({ serialNumber: serial, revocationDate: at })),
      extensions: [
        await x509.AuthorityKeyIdentifierExtension.create(parent.publicKey, false, provider),
        new x509.Extension('2.5.29.20', false, bytes(derInteger(list.number))),
      ],
      signingAlgorithm: ecdsa,
      signingKey: await placeholderKey(),
    },
    signingThrough(keys, signer.key),
  )
  return Buffer.from(crl.rawData)
}

/** Whom a list names, as `encodeList` takes them. */
export function listedIn(list: string): Array<{ serial: string; at: Date }> {
  return new x509.X509Crl(list).entries.map(({ serialNumber, revocationDate }) => ({
    serial: serialNumber,
    at: revocationDate,
  }))
}

/** A key pair and a request for it, as the component makes them; the key never leaves it. PEM. */
export async function encodeRequest(component: string): Promise<{ key: string; request: string }> {
  const pair = await webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: `CN=${component}`, keys: pair as CryptoKeyPair, signingAlgorithm: ecdsa },
    provider,
  )
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey))
  return { key: pemOf('PRIVATE KEY', der), request: request.toString('pem') }
}

/** The public key of a request that is signed by it; undefined when it is no request, or not signed. */
export async function readRequest(pem: string): Promise<Buffer | undefined> {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem)
    return (await request.verify(provider)) ? Buffer.from(request.publicKey.rawData) : undefined
  } catch {
    return undefined
  }
}

function pemOf(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

type Wanted = {
  subject: string
  issuer: string
  issuerSpki: Buffer
  key: string
  spki: Buffer
  period: Period
  extensions: x509.Extension[]
}

async function encode(keys: Signing, wanted: Wanted): Promise<Buffer> {
  const subjectKey = new x509.PublicKey(bytes(wanted.spki))
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: newSerial(),
      subject: wanted.subject,
      issuer: wanted.issuer,
      ...wanted.period,
      publicKey: subjectKey,
      signingAlgorithm: ecdsa,
      signingKey: await placeholderKey(),
      extensions: [
        ...wanted.extensions,
        await x509.SubjectKeyIdentifierExtension.create(subjectKey, false, provider),
        await x509.AuthorityKeyIdentifierExtension.create(
          new x509.PublicKey(bytes(wanted.issuerSpki)),
          false,
          provider,
        ),
      ],
    },
    signingThrough(keys, wanted.key),
  )
  return Buffer.from(certificate.rawData)
}

function authority(pathLength: number): x509.Extension[] {
  return [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ]
}

/** 16 bytes, positive without a leading zero, 126 of their bits random (RFC 5280 section 4.1.2.2). */
function newSerial(): string {
  const serial = randomBytes(16)
  serial[0] = 0x40 | (serial[0]! & 0x3f)
  return serial.toString('hex')
}

/** Tells authorities of different keys apart, in names that people compare. */
function shortName(spki: Buffer): string {
  return createHash('sha256').update(spki).digest('hex').slice(0, 8)
}

function commonName({ component, names }: { component: string; names: readonly string[] }): string {
  const first = names[0] ?? component
  return first.length <= 64 ? first : component // ub-common-name
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16)
  const whole = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  const magnitude = whole[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), whole]) : whole
  return Buffer.concat([Buffer.of(2, magnitude.length), magnitude])
}

/** The library wants a key object to read the algorithm from; the bytes it signs go to the token. */
async function placeholderKey(): Promise<CryptoKey> {
  const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  return pair.privateKey as CryptoKey
}

function signingThrough(keys: Signing, key: string): Crypto {
  const subtle = new Proxy(webcrypto.subtle, {
    get(target, name) {
      if (name === 'sign')
        return async (_algorithm: unknown, _key: unknown, data: BufferSource) => {
          const message = ArrayBuffer.isView(data)
            ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
            : new Uint8Array(data)
          return bytes(await keys.sign(key, createHash('sha256').update(message).digest())).buffer
        }
      const value = Reflect.get(target, name) as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return {
    subtle,
    getRandomValues: webcrypto.getRandomValues.bind(webcrypto),
    randomUUID: webcrypto.randomUUID.bind(webcrypto),
  } as Crypto
}

/** A copy the library may take for its own: a Buffer can be a window on a larger one. */
function bytes(buffer: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer)
}
