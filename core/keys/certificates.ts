import { X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Keys } from './client.ts'

export type Leaf = { name: string; names: string[] }

const dayMs = 86_400_000
export const authorityDays = 3650
export const leafDays = 90

/**
 * Brings the certificates of an appliance up to date in `dir`: the authority's (`ca.pem`, its key stays in the token)
 * and one per leaf (`<name>.pem`, `<name>.key`, mode 0600), for server and client use. What is sound and has more than
 * a third of its life left stays as it is. Answers the names that were issued.
 */
export async function ensureCertificates(
  keys: Keys,
  dir: string,
  leaves: readonly Leaf[],
  now: Date = new Date(),
): Promise<string[]> {
  const spki = (await keys.publicKey('sk-ca-root')).export({ format: 'der', type: 'spki' })
  const soundAuthority = authorityIn(dir, spki, now)
  const missing = leaves.filter((leaf) => !soundAuthority || !isSound(dir, leaf, soundAuthority, now))
  if (soundAuthority && missing.length === 0) return []

  // The library that encodes certificates is large; only a process that issues one loads it.
  const { issueAuthority, issueLeaf } = await import('./issue.ts')
  if (!soundAuthority) write(join(dir, 'ca.pem'), await issueAuthority(keys, spki, now), 0o644)
  const authority = readFileSync(join(dir, 'ca.pem'))
  for (const leaf of missing) {
    const { certificate, key } = await issueLeaf(keys, authority, leaf, now)
    write(join(dir, `${leaf.name}.key`), key, 0o600)
    write(join(dir, `${leaf.name}.pem`), certificate, 0o644)
  }
  return [...(soundAuthority ? [] : ['ca']), ...missing.map((leaf) => leaf.name)]
}

function authorityIn(dir: string, spki: Buffer, now: Date): X509Certificate | undefined {
  try {
    const present = new X509Certificate(readFileSync(join(dir, 'ca.pem')))
    const ours =
      present.publicKey.export({ format: 'der', type: 'spki' }).equals(spki) && present.verify(present.publicKey)
    return ours && Date.parse(present.validTo) - now.getTime() > 365 * dayMs ? present : undefined
  } catch {
    return undefined
  }
}

function isSound(dir: string, leaf: Leaf, authority: X509Certificate, now: Date): boolean {
  try {
    const certificate = new X509Certificate(readFileSync(join(dir, `${leaf.name}.pem`)))
    const names = new Set(
      (certificate.subjectAltName ?? '').split(', ').map((name) => name.replace(/^(DNS|IP Address):/, '')),
    )
    return (
      existsSync(join(dir, `${leaf.name}.key`)) &&
      certificate.checkIssued(authority) &&
      certificate.verify(authority.publicKey) &&
      leaf.names.every((name) => names.has(name)) &&
      Date.parse(certificate.validFrom) <= now.getTime() &&
      Date.parse(certificate.validTo) - now.getTime() > (leafDays / 3) * dayMs
    )
  } catch {
    return false
  }
}

/** A file is whole or not there. */
function write(file: string, content: string, mode: number): void {
  writeFileSync(`${file}.new`, content, { mode })
  chmodSync(`${file}.new`, mode)
  renameSync(`${file}.new`, file)
}
