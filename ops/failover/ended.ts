import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Home } from '../appliance/home.ts'
import { Trouble } from '../appliance/trouble.ts'

const firstFiles = ['postgres', 'redis', 'etcd', 'ops']

/** What engines and `ops` have to show before the database can be asked for certificates; the rest a node enrols itself. */
export function isFirst(file: string): boolean {
  return firstFiles.includes(file)
}

/** Which of these have ended. */
export function endedFiles(home: Home, now = new Date()): string[] {
  return firstFiles.filter((file) => {
    if (!home.has(`tls/${file}.pem`)) return false
    return new X509Certificate(readFileSync(home.path(`tls/${file}.pem`))).validToDate <= now
  })
}

/**
 * A node that was off for longer than a certificate lives is let in by nobody. Whether it may come back is not its own to say: its components may have
 * been taken back meanwhile, and lists do not name what has ended.
 *
 * @throws Trouble with the two ways on
 */
export function refuseEnded(home: Home): void {
  const ended = endedFiles(home)
  if (ended.length === 0) return
  throw new Trouble(
    `Certificates of this node have ended while it was off: ${ended.join(', ')}. No other node lets it in.`,
    {
      setting: 'tls/, "certificateHours" in countroom.json',
      remedy:
        'where another node runs, there: npx countroom cluster invite, and here: npx countroom cluster join <its package>; where none runs: npx countroom pki renew --alone; ops/runbooks/certificates.md',
    },
  )
}
