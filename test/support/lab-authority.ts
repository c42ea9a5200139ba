import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(webcrypto as Crypto)

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
}

export type LabAuthority = Awaited<ReturnType<typeof makeAuthority>>

/** An authority of one day, made on the spot: its certificate, its empty revocation list and what it issues lie in `tls/` below a folder. */
export async function makeAuthority(dir: string) {
  mkdirSync(join(dir, 'tls'), { recursive: true })
  const keys = await newKeys()
  const notAfter = new Date(Date.now() + 86_400_000)
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Lab',
    keys,
    notAfter,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  })
  writeFileSync(join(dir, 'tls/ca.pem'), root.toString('pem'))
  const list = await x509.X509CrlGenerator.create({
    issuer: root.subject,
    nextUpdate: notAfter,
    signingAlgorithm: algorithm,
    signingKey: keys.privateKey,
  })
  writeFileSync(join(dir, 'tls/revoked.pem'), x509.PemConverter.encode(list.rawData, 'X509 CRL'))
  const file = (name: string, ending: string) => join(dir, 'tls', `${name}.${ending}`)
  return {
    files: (name: string) => ({ cert: file(name, 'pem'), key: file(name, 'key') }),
    /** The key that it signs with, for a responder. */
    async writeKey(to: string): Promise<void> {
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
      writeFileSync(to, x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), { mode: 0o600 })
    },
    async issue(
      name: string,
      role: string,
      names: readonly string[],
      kind: 'ecdsa' | 'rsa' = 'ecdsa',
      more: x509.Extension[] = [],
    ): Promise<void> {
      const own = await newKeys(kind)
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${name}`,
        issuer: root.subject,
        notAfter,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.SubjectAlternativeNameExtension([
            ...names.map((value) => ({ type: 'dns' as const, value })),
            { type: 'url' as const, value: `urn:countroom:role:${role}` },
          ]),
          ...more,
        ],
      })
      writeFileSync(file(name, 'pem'), certificate.toString('pem'))
      const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey))
      writeFileSync(file(name, 'key'), x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), { mode: 0o600 })
    },
  }
}

function newKeys(kind: 'ecdsa' | 'rsa' = 'ecdsa'): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(kind === 'rsa' ? rsa : algorithm, true, [
    'sign',
    'verify',
  ]) as Promise<CryptoKeyPair>
}
