import { X509Certificate } from 'node:crypto'
import type { SecureContext, SecureContextOptions } from 'node:tls'
import { createSecureContext } from 'node:tls'
import type { TlsParts } from './files.ts'
import type { KeyKind } from './kinds.ts'

/** Which certificates are shown to whom asks for a name: all kinds of key that there are for it, and the first of the list to whoever asks for none. */
export type Names = {
  /** `takes` picks one kind among the certificates of the name, where it is known which one the client takes. */
  chosenFor(name: string, takes: (shown: readonly X509Certificate[]) => KeyKind): Chosen
  readonly usual: SecureContextOptions
  /** Is the usual one alone, with no other kind of key beside it? */
  readonly isUsualOne: boolean
}

/** No context stands for the usual ones. `isOne`: no second certificate can be shown in its place. */
export type Chosen = { context: SecureContext | undefined; isOne: boolean }

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
  const contexts = new Map<Known, SecureContext>()
  const usual = chosen(known.filter(({ certificate }) => sharesNames(certificate, known[0]!.certificate)))
  return {
    usual: options(merged(usual)),
    isUsualOne: usual.length === 1,
    chosenFor(name, takes) {
      const asked = name.toLowerCase()
      const named = chosen(
        [...known.slice(1), known[0]!].filter(({ certificate }) => certificate.checkHost(asked) !== undefined),
      )
      const isUsual = named.length === 0 || same(named, usual)
      const found = narrowed(isUsual ? usual : named, takes, isUsual)
      if (!found) return { context: undefined, isOne: usual.length === 1 }
      const context = contexts.get(found) ?? createSecureContext(options(merged([found])))
      if (!contexts.has(found)) adorn(context)
      contexts.set(found, context)
      return { context, isOne: true }
    },
  }
}

type Known = { parts: TlsParts; certificate: X509Certificate; kind: KeyKind }

/** The first of each kind of key. */
function chosen(candidates: readonly Known[]): Known[] {
  return candidates.filter(({ kind }, i) => candidates.findIndex((each) => each.kind === kind) === i)
}

/**
 * The one that is shown. Undefined: the usual ones, among which the library chooses. It does so for the usual ones alone: of the context of a name
 * Node takes over one certificate, so that where nothing tells it is the one that every client of TLS 1.2 takes.
 */
function narrowed(
  found: readonly Known[],
  takes: (shown: readonly X509Certificate[]) => KeyKind,
  isUsual: boolean,
): Known | undefined {
  if (found.length === 1) return isUsual ? undefined : found[0]
  const wanted = takes(found.map(({ certificate }) => certificate)) ?? (isUsual ? undefined : 'rsa')
  return found.find(({ kind }) => kind === wanted) ?? (isUsual ? undefined : found[0])
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
