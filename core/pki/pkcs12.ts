import { randomBytes, X509Certificate } from 'node:crypto'
import forge from 'node-forge'

const { asn1, pki } = forge
type Node = forge.asn1.Asn1

/** The format's own derivation (RFC 7292 appendix B), which the library has and its types do not. */
const { generateKey } = forge.pkcs12 as unknown as {
  generateKey(
    password: string,
    salt: forge.util.ByteStringBuffer,
    purpose: number,
    count: number,
    bytes: number,
    digest: forge.md.MessageDigest,
  ): forge.util.ByteStringBuffer
}

/** Both derivations; whoever finds a file guesses passwords against the cheaper one. */
const iterations = 20_000
const digestBytes = 32

/**
 * A private key with its certificates as one PKCS #12 file, as browsers and mail programs take it (RFC 7292): key and
 * certificates each under AES-256 (PBES2, PBKDF2 with HMAC-SHA-256), all of it under an HMAC-SHA-256. Put together here from
 * the library's parts, because what it puts together itself knows RSA keys and SHA-1 only.
 */
export function encodePkcs12(input: { name: string; key: string; chain: string; password: string }): Buffer {
  const certificates = splitPem(input.chain)
  const first = certificates[0]
  if (!first) throw new Error('a bundle needs a certificate')
  const keyId = new X509Certificate(first).fingerprint256.replaceAll(':', '').slice(0, 40)
  const named = attributes(input.name, keyId)
  const shrouded = pki.encryptPrivateKeyInfo(fromPem(input.key), input.password, pbes2())
  const keyBag = sequence(oid(pki.oids.pkcs8ShroudedKeyBag), tagged(0, shrouded), named)
  const certificateBags = certificates.map((pem, index) =>
    sequence(
      oid(pki.oids.certBag),
      tagged(0, sequence(oid(pki.oids.x509Certificate), tagged(0, octets(derOf(pem))))),
      ...(index === 0 ? [named] : []),
    ),
  )
  const safe = sequence(encrypted(sequence(...certificateBags), input.password), data(sequence(keyBag)))
  const file = sequence(integer(3), data(safe), macOf(safe, input.password))
  return Buffer.from(asn1.toDer(file).getBytes(), 'latin1')
}

function pbes2() {
  return { algorithm: 'aes256' as const, prfAlgorithm: 'sha256' as const, count: iterations, saltSize: 16 }
}

/** EncryptedData of PKCS #7: the library encrypts any structure the way it encrypts a key. */
function encrypted(content: Node, password: string): Node {
  const [algorithm, cipherText] = pki.encryptPrivateKeyInfo(content, password, pbes2()).value as [Node, Node]
  const info = sequence(
    oid(pki.oids.data),
    algorithm,
    asn1.create(asn1.Class.CONTEXT_SPECIFIC, 0 as forge.asn1.Type, false, cipherText.value),
  )
  return sequence(oid(pki.oids.encryptedData), tagged(0, sequence(integer(0), info)))
}

/** RFC 7292 section 4 and appendix B: the key for the code is derived by the format's own function, purpose 3. */
function macOf(safe: Node, password: string): Node {
  const salt = randomBytes(16).toString('latin1')
  const key = generateKey(password, forge.util.createBuffer(salt), 3, iterations, digestBytes, forge.md.sha256.create())
  const hmac = forge.hmac.create()
  hmac.start('sha256', key)
  hmac.update(asn1.toDer(safe).getBytes())
  const algorithm = sequence(oid(pki.oids.sha256), asn1.create(asn1.Class.UNIVERSAL, asn1.Type.NULL, false, ''))
  return sequence(sequence(algorithm, octets(hmac.digest().getBytes())), octets(salt), integer(iterations))
}

/** What ties the key to its certificate, and the name people see. */
function attributes(name: string, keyId: string): Node {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, [
    sequence(oid(pki.oids.localKeyId), set(octets(forge.util.hexToBytes(keyId)))),
    sequence(oid(pki.oids.friendlyName), set(asn1.create(asn1.Class.UNIVERSAL, asn1.Type.BMPSTRING, false, name))),
  ])
}

function splitPem(chain: string): string[] {
  return chain.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}

function derOf(pem: string): string {
  return forge.util.decode64(pem.replace(/-----[^-]+-----/g, ''))
}

function fromPem(pem: string): Node {
  return asn1.fromDer(derOf(pem))
}

function data(content: Node): Node {
  return sequence(oid(pki.oids.data), tagged(0, octets(asn1.toDer(content).getBytes())))
}

function sequence(...parts: Node[]): Node {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, parts)
}

function set(part: Node): Node {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SET, true, [part])
}

function tagged(tag: number, part: Node): Node {
  return asn1.create(asn1.Class.CONTEXT_SPECIFIC, tag as forge.asn1.Type, true, [part])
}

function oid(name: string | undefined): Node {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OID, false, asn1.oidToDer(name ?? '').getBytes())
}

function octets(bytes: string): Node {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.OCTETSTRING, false, bytes)
}

function integer(value: number): Node {
  return asn1.create(asn1.Class.UNIVERSAL, asn1.Type.INTEGER, false, asn1.integerToDer(value).getBytes())
}
