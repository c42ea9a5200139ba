import { createPublicKey, type KeyObject, randomBytes, verify, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { pemParts, type RevocationList, readRevocationList, roleNamed, serialIn } from '#base'
import { entranceStatement, nonceBytes } from '../entrance.ts'
import { AgentRefusal } from './refusal.ts'
import type { Entry } from './register.ts'
import type { Role } from './roles.ts'

/** Who came in by a socket. */
export type Admitted = { component: string; isTakenBack(): boolean }

export type Admission = {
  challenge(): Buffer
  /** @throws AgentRefusal `keys.not_admitted`, which says why */
  judge(role: Role, shown: { nonce: Buffer; chain: string; signature: Buffer }): Admitted
  /** Hears whenever the lists have changed. Answers how to stop. */
  watch(changed: () => void): () => void
}

/** Whose certificates open a role's socket: its own processes', and the operator's commands where they have to ask as core does. */
const admitted: Record<Exclude<Role, 'ops'>, readonly string[]> = {
  core: ['core', 'ops'],
  work: ['work'],
  edge: ['edge'],
}

const chainBytesMax = 16 * 1024
const clientUse = '1.3.6.1.5.5.7.3.2' // id-kp-clientAuth
const lookEveryMs = 50 // one question to the file system, and all that a revocation waits for here

/**
 * Judges who wants in: a certificate of our authority for this role, good now and not taken back, and the key to it. Believed are the root keys
 * in this very token and what they signed, the revocation lists included; of files it takes nothing else. As in every handshake inside, a list of
 * each authority has to be there and not have ended.
 */
export function openAdmission({
  roots,
  listFile,
  now,
}: {
  /** Every epoch of the root's key that has not been destroyed. */
  roots(): ReadonlyArray<Pick<Entry, 'spki'>>
  /** PEM; `ops` writes it. */
  listFile: string
  now(): Date
}): Admission {
  let mark = ''
  let lists: RevocationList[] = []

  return {
    challenge: () => randomBytes(nonceBytes),
    judge(role, { nonce, chain, signature }) {
      if (role === 'ops') throw refusal('nobody is asked for a certificate here')
      const { own, issuing, root } = pathOf(chain)
      for (const certificate of [issuing, own]) refuseOutdated(certificate)
      refuseListed(issuing, root)
      refuseListed(own, issuing.publicKey)
      const named = roleNamed(own.subjectAltName) ?? 'none'
      if (own.ca || !own.keyUsage?.includes(clientUse)) throw refusal(`${nameOf(own)} has no certificate of a client`)
      if (!admitted[role].includes(named)) throw refusal(`${nameOf(own)} is of the role ${named}`)
      if (!verify('sha256', entranceStatement(role, nonce), own.publicKey, signature))
        throw refusal(`whoever shows the certificate of ${nameOf(own)} has not its key`)
      return { component: nameOf(own), isTakenBack: () => isListed(own, issuing.publicKey) }
    },
    watch(changed) {
      current()
      const looking = setInterval(() => {
        const before = lists
        if (current() !== before) changed()
      }, lookEveryMs)
      looking.unref()
      return () => clearInterval(looking)
    },
  }

  /** From a certificate over the issuing authority to a root key of this token. */
  function pathOf(chain: string): { own: X509Certificate; issuing: X509Certificate; root: KeyObject } {
    const [own, issuing, ...others] =
      chain.length > chainBytesMax ? [] : pemParts(chain, 'CERTIFICATE').map(readCertificate)
    if (!own || !issuing || others.length > 0)
      throw refusal('a certificate and the one of its authority are shown here')
    const root = keysOf(roots()).find((key) => issuing.ca && issuing.verify(key))
    if (!root || !own.checkIssued(issuing) || !own.verify(issuing.publicKey))
      throw refusal(`the certificate of ${nameOf(own)} is not of the authority in this token`)
    return { own, issuing, root }
  }

  function refuseOutdated(certificate: X509Certificate): void {
    const { validFromDate, validToDate } = certificate
    if (validToDate <= now())
      throw refusal(`the certificate of ${nameOf(certificate)} ended at ${validToDate.toISOString()}`)
    if (validFromDate > now())
      throw refusal(`the certificate of ${nameOf(certificate)} begins at ${validFromDate.toISOString()} only`)
  }

  function refuseListed(certificate: X509Certificate, authority: KeyObject): void {
    const good = listsOf(authority).filter(
      ({ thisUpdate, nextUpdate }) => thisUpdate <= now() && nextUpdate !== undefined && nextUpdate > now(),
    )
    if (good.length === 0)
      throw refusal(
        `there is no revocation list of ${nameIn(certificate.issuer)} that is good now, to say whom to refuse`,
      )
    if (isListed(certificate, authority)) throw refusal(`the certificate of ${nameOf(certificate)} was taken back`)
  }

  function isListed({ serialNumber }: X509Certificate, authority: KeyObject): boolean {
    return listsOf(authority).some(({ serials }) => serials.has(serialIn(serialNumber)))
  }

  function listsOf(authority: KeyObject): RevocationList[] {
    return current().filter((list) => list.isSignedBy(authority))
  }

  /** The lists as they stand in their file; one that cannot be read is none. */
  function current(): RevocationList[] {
    const stat = statSync(listFile, { throwIfNoEntry: false })
    const found = `${stat?.ino} ${stat?.mtimeMs}`
    if (found === mark) return lists
    mark = found
    lists = stat ? pemParts(readFileSync(listFile, 'utf8'), 'X509 CRL').flatMap(listIn) : []
    return lists
  }
}

function keysOf(entries: ReadonlyArray<Pick<Entry, 'spki'>>): KeyObject[] {
  return entries.flatMap(({ spki }) =>
    spki === undefined ? [] : [createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' })],
  )
}

function listIn(pem: string): RevocationList[] {
  try {
    return [readRevocationList(pem)]
  } catch {
    return []
  }
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch {
    throw refusal('what is shown is no certificate')
  }
}

function nameOf({ subject }: X509Certificate): string {
  return nameIn(subject)
}

/** Node writes a part of a name on each line. */
function nameIn(distinguished: string): string {
  return /^CN=(.*)$/m.exec(distinguished)?.[1] ?? 'nobody'
}

function refusal(message: string): AgentRefusal {
  return new AgentRefusal('keys.not_admitted', message)
}
