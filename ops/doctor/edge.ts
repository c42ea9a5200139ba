import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { acmeFiles } from '../../edge/tls/acme/keeper.ts'
import { readSettings } from '../appliance/settings.ts'
import { broken, type Check, sound, warning } from './finding.ts'

const dayMs = 86_400_000
const remedy = 'npx countroom logs edge tells what the authority says; ops/runbooks/certificates.md'

/** Whether the authority that the settings name has given what players are shown, and goes on giving it. */
export const acmeCertificate: Check = {
  id: 'edge.acme',
  after: ['processes'],
  remedy,
  async look({ home, now }) {
    const { acme } = readSettings(home).edge
    if (!acme) return sound('not asked for: players are shown a certificate of our own authority')
    const { cert } = acmeFiles(home.path('acme'))
    if (!existsSync(cert)) return broken('there is nothing from the authority yet', remedy)
    const pem = readFileSync(cert)
    if (pem.equals(readFileSync(home.path('tls/public.pem'))))
      return broken(`${acme.directory} has given no certificate yet`, remedy)
    const certificate = new X509Certificate(pem)
    const missing = acme.names.filter((name) => certificate.checkHost(name) === undefined)
    if (missing.length > 0) return broken(`it is not for ${missing.join(', ')}`, remedy)
    const [beginMs, endMs] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()]
    if (now.getTime() > endMs) return broken(`it ended on ${certificate.validTo}`, remedy)
    const days = Math.floor((endMs - now.getTime()) / dayMs)
    const due = beginMs + (endMs - beginMs) * (acme.renewAfter + (1 - acme.renewAfter) / 4)
    if (now.getTime() > due) return warning(`it ends in ${days} days and was not renewed`, remedy)
    return sound(`for ${acme.names.join(', ')}, ends in ${days} days`)
  },
}
