import type { PeerCertificate, TLSSocket } from 'node:tls'
import type { Face } from '../config.ts'
import { hasRole } from './contexts.ts'

/** A studio, a gateway, a tool of the operator's: its certificate is passed on to a core, which knows whose it is. */
const clientRole = 'client'
const personRoles = ['staff', 'auditor']

/** Whose certificates a face asks for; on the public one nobody's. */
export function rolesShown(face: Face, people: readonly string[] = personRoles): readonly string[] | undefined {
  if (face === 'player') return undefined
  return face === 'partner' ? [clientRole] : [...people, clientRole]
}

/** A certificate that is none of ours, has ended, was taken back or is for something else ends the connection. */
export function refuseWrongRole(socket: TLSSocket, roles: readonly string[]): void {
  const certificate: PeerCertificate | null = socket.getPeerCertificate() // null once the connection is gone
  const shown = certificate !== null && Object.keys(certificate).length > 0
  if (shown && !(socket.authorized && hasRole(certificate, roles))) socket.destroy()
}

/** The verified certificates of clients, read once for each connection. */
export function openClients() {
  const known = new WeakMap<TLSSocket, string | undefined>()
  return {
    /** In base 64, as a core is told of it; undefined for who shows none, or one of a person. */
    certificateOf(socket: TLSSocket): string | undefined {
      if (!known.has(socket)) {
        // A connection that is gone has none any more: Node answers null then, whatever its types say.
        const certificate: PeerCertificate | null = socket.authorized ? socket.getPeerCertificate() : null
        const isClient = certificate !== null && hasRole(certificate, [clientRole])
        known.set(socket, isClient ? certificate.raw.toString('base64') : undefined)
      }
      return known.get(socket)
    },
  }
}
