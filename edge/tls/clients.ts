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

/** A verified certificate as a core is told of it: under which name, and in base 64. */
export type Told = { header: 'x-client-certificate' | 'x-person-certificate'; der: string }

export type Clients = {
  /** Undefined for who shows none. */
  certificateOf(socket: TLSSocket): Told | undefined
}

/** The verified certificates of who is connected, read once for each connection. */
export function openClients(): Clients {
  const known = new WeakMap<TLSSocket, Told | undefined>()
  return {
    certificateOf(socket) {
      if (!known.has(socket)) known.set(socket, read(socket))
      return known.get(socket)
    },
  }
}

function read(socket: TLSSocket): Told | undefined {
  // A connection that is gone has none any more: Node answers null then, whatever its types say.
  const certificate: PeerCertificate | null = socket.authorized ? socket.getPeerCertificate() : null
  if (certificate === null || !certificate.raw) return undefined
  const header = hasRole(certificate, [clientRole]) ? 'x-client-certificate' : 'x-person-certificate'
  return { header, der: certificate.raw.toString('base64') }
}
