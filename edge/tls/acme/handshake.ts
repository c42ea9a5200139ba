import acme from 'acme-client'
import type { NameProof } from '../../listen/prover.ts'
import type { Proofs } from './authority.ts'

/** Proofs that stand in a certificate (RFC 8737, tls-alpn-01). @param tell has every worker show them, and is done when they do */
export function proveByHandshake(tell: (proofs: readonly NameProof[]) => Promise<void>): Proofs {
  const all = new Map<string, NameProof>()
  return {
    async put({ name, content }) {
      const own = await acme.crypto.createPrivateEcdsaKey('P-256')
      const identifier = { type: 'dns', value: name }
      const [key, cert] = await acme.crypto.createAlpnCertificate({ identifier } as acme.Authorization, content, own)
      all.set(name, { name, key: key.toString(), cert: cert.toString() })
      await tell([...all.values()])
    },
    async remove({ name }) {
      all.delete(name)
      await tell([...all.values()])
    },
  }
}
