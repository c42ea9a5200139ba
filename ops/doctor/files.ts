import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { freeMebibytes } from '../appliance/disk.ts'
import { type Home, secretNames } from '../appliance/home.ts'
import { readSettings } from '../appliance/settings.ts'
import { broken, type Check, sound } from './finding.ts'

const dayMs = 86_400_000
const certificateDaysMin = 14

export const certificates: Check = {
  id: 'certificates',
  after: [],
  remedy: 'stop, then npm start issues what is missing',
  async look({ home, now }) {
    const files = readdirSync(home.path('tls')).filter((file) => file.endsWith('.pem'))
    const looked = files.map((file) => lookAt(home, file, now))
    const faults = looked.filter(({ fault }) => fault !== undefined)
    if (faults.length > 0)
      return broken(
        faults.map(({ fault }) => fault).join(', '),
        'stop, then npm start: it renews what has less than a third of its life left',
      )
    return sound(`${files.length}, the first ends in ${Math.min(...looked.map(({ days }) => days))} days`)
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
    ]
    const open = files.filter((file) => (statSync(file).mode & 0o077) !== 0)
    if (open.length === 0) return sound(`${files.length} files, for their owner only`)
    return broken(
      `open to others: ${open.join(', ')}`,
      `chmod 600 ${open.join(' ')}; whoever could read it may know it`,
    )
  },
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

function lookAt(home: Home, file: string, now: Date): { days: number; fault?: string } {
  try {
    const authority = new X509Certificate(readFileSync(home.path('tls/ca.pem')))
    const certificate = new X509Certificate(readFileSync(home.path('tls', file)))
    const days = Math.floor((Date.parse(certificate.validTo) - now.getTime()) / dayMs)
    if (days < 0) return { days, fault: `${file} has ended` }
    if (days < certificateDaysMin) return { days, fault: `${file} ends in ${days} days` }
    if (!certificate.verify(authority.publicKey)) return { days, fault: `${file} is not signed by ca.pem` }
    if (file !== 'ca.pem' && !fits(home, file, certificate))
      return { days, fault: `${file} has another key's file beside it` }
    return { days }
  } catch (error) {
    return { days: 0, fault: `${file} cannot be read: ${(error as Error).message}` }
  }
}

function fits(home: Home, file: string, certificate: X509Certificate): boolean {
  return certificate.checkPrivateKey(createPrivateKey(readFileSync(home.path('tls', file.replace(/pem$/, 'key')))))
}
