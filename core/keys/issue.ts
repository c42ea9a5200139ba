import 'reflect-metadata' // the certificate library's own dependency wants it first
import { createHash, generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'
import { authorityDays, type Leaf, leafDays } from './certificates.ts'
import type { Keys } from './client.ts'

const dayMs = 86_400_000

/** The appliance's authority, signed by its own key in the token. PEM. */
export async function issueAuthority(keys: Keys, spki: Buffer, now: Date): Promise<string> {
  return generate(keys, {
    subject: `CN=Countroom appliance CA ${randomBytes(4).toString('hex')}`,
    spki,
    days: authorityDays,
    now,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  })
}

/** A certificate for a process, server and client, with a fresh P-256 key. PEM and PKCS #8. */
export async function issueLeaf(
  keys: Keys,
  authority: Buffer,
  leaf: Leaf,
  now: Date,
): Promise<{ certificate: string; key: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = await generate(keys, {
    subject: `CN=${leaf.names[0]}`,
    issuer: new x509.X509Certificate(authority.toString()),
    spki: publicKey.export({ format: 'der', type: 'spki' }),
    days: leafDays,
    now,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension(
        leaf.names.map((name) => ({ type: /^[\d.]+$|:/.test(name) ? 'ip' : 'dns', value: name }) as const),
      ),
    ],
  })
  return { certificate, key: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string }
}

type Wanted = {
  subject: string
  issuer?: x509.X509Certificate
  spki: Buffer
  days: number
  now: Date
  extensions: x509.Extension[]
}

/** Lets the library build and encode; only the signature comes from the token. */
async function generate(keys: Keys, wanted: Wanted): Promise<string> {
  const subjectKey = new x509.PublicKey(new Uint8Array(wanted.spki))
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: randomBytes(16).toString('hex').replace(/^./, '4'),
      subject: wanted.subject,
      issuer: wanted.issuer?.subject ?? wanted.subject,
      notBefore: new Date(wanted.now.getTime() - 3_600_000),
      notAfter: new Date(wanted.now.getTime() + wanted.days * dayMs),
      publicKey: subjectKey,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
      signingKey: await placeholderKey(),
      extensions: [
        ...wanted.extensions,
        await x509.SubjectKeyIdentifierExtension.create(subjectKey, false, webcrypto as Crypto),
        await x509.AuthorityKeyIdentifierExtension.create(
          wanted.issuer?.publicKey ?? subjectKey,
          false,
          webcrypto as Crypto,
        ),
      ],
    },
    signingThrough(keys),
  )
  return certificate.toString('pem')
}

/** The library wants a key object to read the algorithm from; the bytes it signs go to the token. */
async function placeholderKey(): Promise<CryptoKey> {
  const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify'])
  return pair.privateKey as CryptoKey
}

function signingThrough(keys: Keys): Crypto {
  const subtle = new Proxy(webcrypto.subtle, {
    get(target, name) {
      if (name === 'sign')
        return async (_algorithm: unknown, _key: unknown, data: BufferSource) => {
          const bytes = ArrayBuffer.isView(data)
            ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
            : new Uint8Array(data)
          const signature = await keys.sign('sk-ca-root', createHash('sha256').update(bytes).digest())
          return new Uint8Array(signature).buffer
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
