import { X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { listedSerials } from './listed.ts'
import { refuseOpenKey } from './private-files.ts'

/** Files of a certificate; with `ca` and `crl` where somebody else's certificate is judged. */
export type TlsFiles = { cert: string; key: string; ca?: string; crl?: string }

/** What is in the files now. */
export type TlsParts = { cert: Buffer; key: Buffer; ca?: Buffer; crl?: string[] }

export type Certificates = {
  current(): TlsParts
  /** From when to when the certificate is good, in seconds since 1970; and when the revocation list was written. */
  readonly beginSeconds: number
  readonly endSeconds: number
  readonly listSeconds: number | undefined
  /** The serials of who was taken back. */
  readonly revoked: ReadonlySet<string>
  /** Hears of every renewal and revocation. */
  onChange(hear: () => void): void
  close(): void
}

const lookEveryMs = 50 // all that a revocation waits for here

/**
 * Reads a certificate and what belongs to it, and again whenever a file changes. A set that does not fit together, as
 * between the writing of a key and of its certificate, is not taken, and what was good stays until it is.
 */
export function openCertificates(files: TlsFiles): Certificates {
  const listeners: Array<() => void> = []
  let marks = marksOf(files)
  let current = read(files)
  const looking = setInterval(() => {
    const found = marksOf(files)
    if (found === marks) return
    try {
      current = read(files)
      marks = found
    } catch {
      return // looked at again in a moment
    }
    for (const hear of listeners) hear()
  }, lookEveryMs)
  looking.unref()
  return {
    current: () => current.parts,
    get beginSeconds() {
      return current.beginSeconds
    },
    get endSeconds() {
      return current.endSeconds
    },
    get listSeconds() {
      return current.listSeconds
    },
    get revoked() {
      return current.revoked
    },
    onChange: (hear) => {
      listeners.push(hear)
    },
    close: () => clearInterval(looking),
  }
}

function read(files: TlsFiles) {
  refuseOpenKey(files.key)
  const parts: TlsParts = {
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    ...(files.ca ? { ca: readFileSync(files.ca) } : {}),
    ...(files.crl ? { crl: splitLists(readFileSync(files.crl, 'utf8')) } : {}),
  }
  createSecureContext(parts) // throws when they do not fit
  const { validFromDate, validToDate } = new X509Certificate(parts.cert)
  return {
    parts,
    beginSeconds: validFromDate.getTime() / 1000,
    endSeconds: validToDate.getTime() / 1000,
    revoked: listedSerials(parts.crl ?? []),
    listSeconds: files.crl ? statSync(files.crl).mtimeMs / 1000 : undefined,
  }
}

/** OpenSSL reads one list from one text, and without any checks nothing. @throws Error when there is none */
function splitLists(text: string): string[] {
  const lists = text.match(/-----BEGIN X509 CRL-----[^-]+-----END X509 CRL-----\n?/g)
  if (!lists) throw new Error('there is no revocation list')
  return lists
}

function marksOf(files: TlsFiles): string {
  return Object.values(files)
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false })
      return `${stat?.ino} ${stat?.mtimeMs}`
    })
    .join('|')
}
