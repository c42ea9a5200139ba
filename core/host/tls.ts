import { readFileSync, statSync } from 'node:fs'
import { type ConnectionOptions, checkServerIdentity, createSecureContext, type SecureContextOptions } from 'node:tls'
import { Gauge } from 'prom-client'
import { listedSerials, pemParts } from '#base'
import * as pki from '#pki'
import type { Logger } from './log.ts'

export type TlsFiles = { ca: string; cert: string; key: string; crl: string }

/** What a process shows and what it believes, as it stands in its files now. */
export type Tls = {
  current(): SecureContextOptions
  /** The serials of who was taken back. */
  revoked(): ReadonlySet<string>
  /** Hears of every renewal and revocation. */
  onChange(hear: () => void): void
  /** For connecting to a component: its name and role are checked, and that it was not taken back. */
  connecting(to: { component: string; role: pki.Role }): ConnectionOptions
  close(): void
}

const sslNoTicket = 0x4000 // SSL_OP_NO_TICKET
const lookEveryMs = 50 // four questions to the file system, and all that a revocation waits for here

const certificateEnds = new Gauge({
  name: 'countroom_certificate_end_timestamp_seconds',
  help: 'When the certificate that this process shows ends.',
})
const certificateBegan = new Gauge({
  name: 'countroom_certificate_begin_timestamp_seconds',
  help: 'When the certificate that this process shows began.',
})
const listRead = new Gauge({
  name: 'countroom_revocation_list_timestamp_seconds',
  help: 'When the revocation list that this process goes by was written.',
})

/**
 * Reads key, certificate, authority and revocation lists, and reads them again when a file changes. A set that does not fit
 * together, as between the writing of a key and of its certificate, is not taken, and what was good stays until it is. A list
 * that is not renewed ends by the date in it, and then nobody is let in.
 */
export function openTls(files: TlsFiles, log: Logger): Tls {
  const listeners: Array<() => void> = []
  let marks = marksOf(files)
  let current = read(files)
  const looking = setInterval(() => {
    const found = marksOf(files)
    if (found === marks) return
    try {
      current = read(files)
      marks = found
    } catch (error) {
      log.debug({ reason: (error as Error).message }, 'certificate and key do not fit yet')
      return
    }
    for (const hear of listeners) hear()
  }, lookEveryMs)
  looking.unref()
  return {
    current: () => current.context,
    revoked: () => current.revoked,
    onChange: (hear) => {
      listeners.push(hear)
    },
    connecting: ({ component, role }) => ({
      // Read at each connection: the drivers keep this object and copy it whenever they connect.
      get ca() {
        return current.context.ca
      },
      get cert() {
        return current.context.cert
      },
      get key() {
        return current.context.key
      },
      get crl() {
        return current.context.crl
      },
      servername: `${component}.${pki.internalDomain}`,
      minVersion: 'TLSv1.3',
      rejectUnauthorized: true,
      checkServerIdentity: (name, certificate) =>
        checkServerIdentity(name, certificate) ??
        (pki.roleOf(certificate.subjectaltname) === role ? undefined : new Error(`${name} is not of the role ${role}`)),
    }),
    close: () => clearInterval(looking),
  }
}

function read(files: TlsFiles) {
  const context = {
    ca: readFileSync(files.ca),
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    crl: splitPem(readFileSync(files.crl, 'utf8')),
    minVersion: 'TLSv1.3' as const,
    // A session that is resumed is not verified again: whoever was taken back meanwhile would be let in.
    secureOptions: sslNoTicket,
  }
  createSecureContext(context) // throws when they do not fit
  const revoked = listedSerials(context.crl)
  observe(files)
  return { context, revoked }
}

/** OpenSSL reads one list from one text, and without any checks nothing. @throws Error when there is none */
function splitPem(text: string): string[] {
  const lists = pemParts(text, 'X509 CRL')
  if (lists.length === 0) throw new Error('there is no revocation list')
  return lists
}

function observe(files: TlsFiles): void {
  const { notBefore, notAfter } = pki.periodOf(readFileSync(files.cert))
  certificateBegan.set(notBefore.getTime() / 1000)
  certificateEnds.set(notAfter.getTime() / 1000)
  listRead.set(statSync(files.crl).mtimeMs / 1000)
}

function marksOf(files: TlsFiles): string {
  return Object.values(files)
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false })
      return `${stat?.ino} ${stat?.mtimeMs}`
    })
    .join('|')
}
