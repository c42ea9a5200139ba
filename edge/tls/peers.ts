import type { TLSSocket } from 'node:tls'
import type { Certificates } from './files.ts'
import { serialIn } from './listed.ts'

/**
 * Remembers who is connected, either way, and ends the connections of whoever is taken back, in the middle of what goes over them: a
 * new handshake would fail anyway.
 */
export function watchPeers(certificates: Certificates): (socket: TLSSocket) => void {
  const open = new Map<TLSSocket, string>()
  certificates.onChange(() => {
    for (const [socket, serial] of open) if (certificates.revoked.has(serial)) socket.destroy()
  })
  return (socket) => {
    if (socket.destroyed) return // refused already
    const { serialNumber } = socket.getPeerCertificate()
    if (!serialNumber) return // a person who showed none
    open.set(socket, serialIn(serialNumber))
    socket.once('close', () => open.delete(socket))
  }
}
