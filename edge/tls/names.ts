import { X509Certificate } from 'node:crypto'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { createSecureContext } from 'node:tls'
import type { TlsParts } from './files.ts'

/** Which certificates are shown to whom asks for a name: all kinds of key that there are for it, and the first of the list to whoever asks for none. */
export type Names = {
  /** Undefined for the usual ones. */
  contextFor(name: string): SecureContext | undefined
  readonly usual: SecureContextOptions
}

/**
 * Sets of certificates by name; each name gets one of each kind of key, the usual one of the list only where no other has it. `adorn` sees each
 * context before it serves.
 */
export function byName(
  all: readonly TlsParts[],
  options: (parts: SecureContextOptions) => SecureContextOptions,
  adorn: (context: SecureContext) => void,
): Names {
  const known = all.map((parts) => {
    const certificate = new X509Certificate(parts.cert)
    return { parts, certificate, kind: certificate.publicKey.asymmetricKeyType }
  })
  const contexts = new Map<string, SecureContext | undefined>()
  const usual = chosen(known.filter(({ certificate }) => sharesNames(certificate, known[0]!.certificate)))
  return {
    usual: options(merged(usual)),
    contextFor(name) {
      const asked = name.toLowerCase()
      const found = chosen(
        [...known.slice(1), known[0]!].filter(({ certificate }) => certificate.checkHost(asked) !== undefined),
      )
      if (found.length === 0 || same(found, usual)) return undefined
      const key = found.map((each) => known.indexOf(each)).join()
      const context = contexts.get(key) ?? createSecureContext(options(merged(found)))
      if (!contexts.has(key)) adorn(context)
      contexts.set(key, context)
      return context
    },
  }
}

type Known = { parts: TlsParts; certificate: X509Certificate; kind: X509Certificate['publicKey']['asymmetricKeyType'] }

/** The first of each kind of key. */
function chosen(candidates: readonly Known[]): Known[] {
  return candidates.filter(({ kind }, i) => candidates.findIndex((each) => each.kind === kind) === i)
}

function same(one: readonly Known[], other: readonly Known[]): boolean {
  return one.length === other.length && one.every((each) => other.includes(each))
}

function sharesNames(one: X509Certificate, other: X509Certificate): boolean {
  return one.subjectAltName === other.subjectAltName
}

function merged(found: readonly Known[]): SecureContextOptions {
  const { ca, crl } = found[0]!.parts
  return {
    cert: found.map(({ parts }) => parts.cert),
    key: found.map(({ parts }) => parts.key),
    ...(ca ? { ca } : {}),
    ...(crl ? { crl } : {}),
  }
}
