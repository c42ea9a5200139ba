import type { TLSSocket } from 'node:tls'
import { serialIn } from '#base'
import type { Tls } from './tls.ts'

/**
 * Remembers who is connected, and ends the connections of whoever is taken back, in the middle of what they ask: a new handshake they
 * are refused anyway.
 */
export function watchPeers(tls: Tls): (socket: TLSSocket) => void {
  const open = new Map<TLSSocket, string>()
  tls.onChange(() => {
    const revoked = tls.revoked()
    for (const [socket, serial] of open) if (revoked.has(serial)) socket.destroy()
  })
  return (socket) => {
    if (socket.destroyed) return
    open.set(socket, serialIn(socket.getPeerCertificate().serialNumber))
    socket.once('close', () => open.delete(socket))
  }
}
