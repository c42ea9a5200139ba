import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as pki from '#pki'
import { freeMebibytes } from '../appliance/disk.ts'
import { type Home, secretNames } from '../appliance/home.ts'
import { readSettings } from '../appliance/settings.ts'
import { broken, type Check, sound, warning } from './finding.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
const renew = 'npx countroom pki renew; if that fails it says why; ops/runbooks/certificates.md'

export const certificates: Check = {
  id: 'certificates',
  after: [],
  remedy: 'stop, then npm start issues what is missing',
  async look({ home, now }) {
    const files = readdirSync(home.path('tls')).filter((file) => file.endsWith('.pem') && file !== 'revoked.pem')
    const looked = files.map((file) => lookAt(home, file, now))
    const list = listFault(home, now)
    const faults = [...looked.flatMap(({ fault }) => fault ?? []), ...(list.fault ? [list.fault] : [])]
    if (faults.length > 0) return broken(faults.join(', '), renew)
    const late = [...looked.flatMap(({ late }) => late ?? []), ...(list.late ? [list.late] : [])]
    if (late.length > 0) return warning(late.join(', '), renew)
    const ends = Math.min(...looked.map(({ days }) => days))
    return sound(`${files.length - 1} of components and the root, the first ends in ${ends} days`)
  },
}

export const secrets: Check = {
  id: 'secrets',
  after: [],
  remedy: 'restore secrets/ from a backup',
  async look({ home }) {
    const files = [
      ...secretNames.map((name) => home.path('secrets', name)),
      ...readdirSync(home.path('tls'))
        .filter((file) => file.endsWith('.key'))
        .map((file) => home.path('tls', file)),
      ...handedOut(home),
    ]
    const open = files.filter((file) => (statSync(file).mode & 0o077) !== 0)
    if (open.length === 0) return sound(`${files.length} files, for their owner only`)
    return broken(
      `open to others: ${open.join(', ')}`,
      `chmod 600 ${open.join(' ')}; whoever could read it may know it`,
    )
  },
}

/** The copies that processes were given. */
function handedOut(home: Home): string[] {
  const folder = home.path('run/credentials')
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
  return names.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

export const disk: Check = {
  id: 'disk',
  after: [],
  remedy: 'df -h',
  async look({ home }) {
    const free = freeMebibytes(home)
    const wanted = readSettings(home).diskMebibytesMin
    if (free >= wanted) return sound(`${free} MiB free`)
    return broken(
      `only ${free} MiB free under ${home.dir}, fewer than ${wanted} (diskMebibytesMin)`,
      `df -h ${home.dir}; free some space, or stop and move COUNTROOM_HOME to a larger disk`,
    )
  },
}

type Looked = { days: number; fault?: string; late?: string }

function lookAt(home: Home, file: string, now: Date): Looked {
  try {
    const roots = certificatesIn(home, 'ca.pem')
    const [certificate, issuing] = certificatesIn(home, file)
    if (!certificate) return { days: 0, fault: `${file} holds no certificate` }
    const days = Math.floor((certificate.validToDate.getTime() - now.getTime()) / dayMs)
    if (certificate.validToDate < now) return { days, fault: `${file} has ended` }
    const period = { notBefore: certificate.validFromDate, notAfter: certificate.validToDate }
    const late = pki.isOverdue(period, now) ? { late: `${file} ends in ${days} days and was not renewed` } : {}
    if (file === 'ca.pem') return { days, ...late }
    if (!issuing || !certificate.verify(issuing.publicKey) || !roots.some((root) => issuing.verify(root.publicKey)))
      return { days, fault: `${file} does not lead to ca.pem` }
    if (!fits(home, file, certificate)) return { days, fault: `${file} has another key's file beside it` }
    return { days, ...late }
  } catch (error) {
    return { days: 0, fault: `${file} cannot be read: ${(error as Error).message}` }
  }
}

/** It is written whenever it is signed; with one that has ended in hand, nobody is let in. */
function listFault(home: Home, now: Date): { fault?: string; late?: string } {
  const written = statSync(home.path('tls/revoked.pem'), { throwIfNoEntry: false })?.mtimeMs
  if (written === undefined) return { fault: 'revoked.pem is not there' }
  const hours = Math.floor((now.getTime() - written) / hourMs)
  if (hours * 3600 >= pki.listSecondsMax) return { fault: `revoked.pem was written ${hours} hours ago and has ended` }
  return hours * 3600 > pki.listSecondsMax * 0.75 ? { late: `revoked.pem was written ${hours} hours ago` } : {}
}

function certificatesIn(home: Home, file: string): X509Certificate[] {
  const text = readFileSync(home.path('tls', file), 'utf8')
  const parts = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return parts.map((part) => new X509Certificate(part))
}

function fits(home: Home, file: string, certificate: X509Certificate): boolean {
  return certificate.checkPrivateKey(createPrivateKey(readFileSync(home.path('tls', file.replace(/pem$/, 'key')))))
}
